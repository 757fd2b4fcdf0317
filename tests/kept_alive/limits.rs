//! `--in-flight-timeout`: a stream is waited for so long, and then cut as by the server's own stop.
use crate::http::Connection;
use crate::streams::parts;
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const IN_FLIGHT: Duration = Duration::from_millis(700);
const OPTIONS: [&str; 4] = ["--in-flight-timeout", "700ms", "--kill-after", "1s"];
/// Events for a minute: none of the servers is that patient when it is killed after a second.
const ENDLESS: &str = "GET /stream?n=600&ms=100 HTTP/1.1\r\nHost: localhost\r\n\r\n";
const BEFORE_THE_STOP: usize = 5;

pub fn trials() -> Vec<Trial> {
    // Their own stop: two wait for a stream until they are killed, one cuts it at once. Each is one process: of several,
    // only the first is killed when lameduck is not PID 1.
    let kinds = [Kind::Go, Kind::Uvicorn, Kind::Waitress];
    kinds
        .into_iter()
        .map(|kind| {
            let name = format!("{}_is_waited_for_until_in_flight_timeout_and_no_longer", kind.name());
            trial(&name, &kind.needs(), move || waited_for_and_no_longer(kind))
        })
        .collect()
}

fn waited_for_and_no_longer(kind: Kind) {
    let mut server = kind.builder().under_lameduck(&OPTIONS).start();
    let (address, events) = (server.address(), AtomicUsize::new(0));
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut connection = Connection::open(address)?;
            connection.send(ENDLESS.as_bytes())?;
            parts(&mut connection, "data: ", "\n\n", |count| events.store(count, SeqCst))
        });
        wait_for("the stream", || (events.load(SeqCst) >= BEFORE_THE_STOP).then_some(()));
        let stopped = Instant::now();
        server.signal(libc::SIGTERM);
        let answer = client.join().expect("no panic");
        let cut = stopped.elapsed();
        println!("{}: cut {cut:?} after the stop, {} events: {answer:?}", kind.name(), events.load(SeqCst));
        assert!(answer.is_err(), "600 events were not sent: {answer:?}");
        assert!(cut >= IN_FLIGHT, "it was cut before its time: after {cut:?}");
    });
    server.wait(PATIENCE);
    let log = server.log();
    assert!(log.contains("forwarded") && !log.contains("nobody was waiting"), "{log}");
}
