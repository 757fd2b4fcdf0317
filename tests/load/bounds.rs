//! Fresh connections: what ends when nobody answers, and how fast a server is.
use super::open_loop::{plan, run};
use super::servers::{BOUND, WHOLE, block_on, read_request, server};
use lameduck::load::{Cause, Class, Failure, Load, Local, Now, Phase, Plan, UnderWay, Verdict, capacity};
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Waits for `fact` about the load.
async fn until(load: &UnderWay, fact: impl Fn(Now) -> bool) {
    let start = Instant::now();
    while !fact(load.now()) {
        assert!(start.elapsed() < BOUND, "{:?}", load.now());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn given_no_answer_then_the_clients_patience_ends_in_wait() {
    let (held, stream) = std::sync::mpsc::channel();
    let target = server(move |stream| held.send(stream).unwrap());
    let outcomes = run(Plan { client_timeout: Duration::from_secs(2), ..plan(target) });
    let expected = Verdict::Failed(Failure { phase: Phase::Wait, cause: Cause::TimedOut });
    assert!(!outcomes.is_empty() && outcomes.iter().all(|one| one.verdict == expected), "{outcomes:?}");
    drop(stream);
}

#[test]
fn given_no_answer_when_the_load_is_given_up_then_each_is_judged_by_its_phase() {
    let read = Arc::new(AtomicUsize::new(0));
    let (count, held) = (Arc::clone(&read), std::sync::Mutex::new(Vec::new()));
    let target = server(move |mut stream| {
        read_request(&mut stream);
        held.lock().unwrap().push(stream);
        count.fetch_add(1, Ordering::SeqCst);
    });
    let outcomes = block_on(async {
        let load = Load::start(Plan { at_once: 7, ..plan(target) });
        until(&load, |_| read.load(Ordering::SeqCst) == 7).await;
        assert_eq!(load.now().unanswered, 7);
        load.finish(Duration::ZERO).await
    });
    let expected = Verdict::Failed(Failure { phase: Phase::Wait, cause: Cause::TimedOut });
    assert!(outcomes[..7].iter().all(|one| one.verdict == expected), "{outcomes:?}");
}

#[test]
fn given_a_server_that_never_answers_then_the_load_goes_on_up_to_its_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let outcomes = block_on(async {
        let load = Load::start(Plan { at_once: 20, ..plan(target) });
        until(&load, |now| now.unanswered == 20).await;
        let full = load.elapsed();
        until(&load, |_| load.elapsed() > full + Duration::from_millis(300)).await;
        drop(listener);
        load.finish(BOUND).await
    });
    let (tried, not_tried) = outcomes.split_at(20);
    assert!(tried.iter().all(|one| one.verdict.class() == Class::Lost), "{tried:?}");
    assert!(!not_tried.is_empty());
    assert!(
        not_tried.iter().all(|one| one.verdict == Verdict::NotTried(Local::TooManyAtOnce)),
        "{not_tried:?}"
    );
}

#[test]
fn given_ten_milliseconds_a_request_then_the_capacity_is_below_a_hundred_a_second() {
    let target = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(10));
        stream.write_all(WHOLE).unwrap();
    });
    let measured = block_on(capacity(&plan(target), 4, Duration::from_millis(300)));
    assert!(measured > 0.0 && measured <= 100.0, "{measured}");
}
