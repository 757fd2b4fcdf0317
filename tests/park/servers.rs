//! Servers that do not behave as servers do.
use crate::odd::Odd;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use crate::talk::{ask, busy, get, is_answered, is_at_its_end, is_told_once, kept_alive};
use lameduck::load::{KeptAlive, KeptAlivePlan, Tally};
use lameduck::sockets::mark::RAISED;
use libtest_mimic::Trial;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How many clients keep a server busy.
pub const CLIENTS: usize = 20;
const PACE: Duration = Duration::from_millis(5);
/// The request by which a server is seen to be up.
pub const PROBES: u64 = 1;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_server_that_reads_before_it_waits_answers_what_it_has_read", &Ok(()), eager),
        trial("a_server_that_reads_all_the_time_and_we_answer_no_request_twice", &Ok(()), hasty),
        trial("a_server_whose_calls_block_is_left_alone", &Ok(()), blocking),
        trial("a_connection_of_two_processes_is_answered_once_and_ends_with_the_second", &Ok(()), shared),
        trial("nobody_is_lost_where_connections_come_and_go_all_the_time", &Ok(()), churning),
        trial("no_stranger_is_marked_where_numbers_are_used_again_at_once", &Ok(()), moving),
        trial("a_server_that_shuts_its_connections_down_ends_them_at_once", &Ok(()), shutdown),
        trial("a_server_that_lingers_has_no_mark_left_and_answers_itself", &Ok(()), lingering),
    ]
}

/// [`CLIENTS`] that do not think to speak of.
pub fn plan(odd: &Odd) -> KeptAlivePlan {
    KeptAlivePlan {
        target: odd.server.address().into(),
        clients: CLIENTS,
        think: Duration::from_micros(200),
        host: "localhost".into(),
        path: "/?ms=1".into(),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: PATIENCE * 2,
    }
}

/// Busy clients through a stop.
pub fn stopped_under_load(odd: &mut Odd, plan: KeptAlivePlan) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let enough = plan.clients * 3;
    runtime.block_on(async {
        let clients = KeptAlive::start(plan);
        while clients.now().answered < enough {
            assert!(clients.elapsed() < PATIENCE, "too few answers: {:?}", clients.now());
            tokio::time::sleep(PACE).await;
        }
        odd.server.signal(libc::SIGTERM);
        while odd.server.try_wait().is_none() {
            assert!(clients.elapsed() < PATIENCE * 2, "the drain does not end");
            tokio::time::sleep(PACE).await;
        }
        Tally::of(&clients.finish(PATIENCE).await)
    })
}

fn eager() {
    let mut odd = Odd::start("eager", &[]);
    let plan = plan(&odd);
    let tally = stopped_under_load(&mut odd, plan);
    println!("{tally:?}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    let report = odd.end();
    // Then: whatever the server has read it has answered, and we nothing of that.
    assert_eq!(odd.said("requests read:"), (tally.answered + PROBES).to_string(), "{tally:?}");
    assert_eq!(report["outcome"], "drained");
    assert!(report["park"]["parked"].as_u64() >= Some(CLIENTS as u64), "{report}");
}

/// Often it is quicker than our take. Then the mark keeps little from it, and the drain may run into its limit: from then on open
/// connections are as the server's own stop treats them (docs/design.md), and a request may come on one as it closes.
fn hasty() {
    let mut odd = Odd::start("hasty", &["--timeout", "4s"]);
    let plan = KeptAlivePlan { clients: CLIENTS * 3, ..plan(&odd) };
    let tally = stopped_under_load(&mut odd, plan);
    println!("{tally:?}");
    let report = odd.end();
    assert_eq!(odd.said("requests read:"), (tally.answered + PROBES).to_string(), "{tally:?}");
    assert_eq!(tally.other_answers, 0, "{tally:?}");
    let lost_at_most = if report["outcome"] == "timed-out" { (CLIENTS * 3) as u64 } else { 0 };
    assert!(tally.lost <= lost_at_most, "{tally:?} {report}");
}

fn blocking() {
    let mut odd = Odd::start("blocking", &[]);
    let mut idle = kept_alive(odd.server.address(), 5);
    let mut working = busy(&odd);
    odd.server.signal(libc::SIGTERM);
    odd.logs("gate closed");
    // Then: no mark is up while it works, and a request is the server's, as without park.
    assert_eq!(odd.marks(), [1; 6]);
    assert_eq!(ask(&mut idle[0], "/").expect("the server's answer").0, 200);
    is_answered(&mut working, &odd);
    idle.iter_mut().for_each(is_at_its_end);
    let report = odd.end();
    assert_eq!((&report["park"]["parked"], &report["park"]["blocking"]), (&0.into(), &6.into()), "{report}");
    assert_eq!(report["outcome"], "drained");
}

fn shared() {
    let mut odd = Odd::start("shared", &[]);
    let mut idle = kept_alive(odd.server.address(), 3);
    let mut working = busy(&odd);
    odd.server.signal(libc::SIGTERM);
    // The first process holds the connections that were answered and closed, too: only these four can be parked.
    wait_for("the marks to be up", || {
        (odd.marks().into_iter().filter(|mark| *mark == RAISED).count() == 4).then_some(())
    });
    idle[0].send(get("/").as_bytes()).expect("a late request");
    is_told_once(&mut idle[0]);
    is_answered(&mut working, &odd);
    is_at_its_end(&mut idle[1]);
    assert!(odd.server.log().contains("letting go"), "the end came while the first process held it");
    is_at_its_end(&mut idle[2]);
    let report = odd.end();
    assert_eq!(report["late_requests"]["answered"], 1, "{report}");
}

fn churning() {
    let mut odd = Odd::start("churning", &[]);
    let plan = plan(&odd);
    let tally = stopped_under_load(&mut odd, plan);
    println!("{tally:?}");
    let report = odd.end();
    assert!(report["park"]["parked"].as_u64() > Some(0), "{report}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
}

fn moving() {
    let mut odd = Odd::start("moving", &[]);
    let mut idle = kept_alive(odd.server.address(), 10);
    let mut working = busy(&odd);
    odd.stop_and_park(11);
    wait_for("a thousand strangers", || (odd.strangers().0 > 1000).then_some(()));
    is_answered(&mut working, &odd);
    idle.iter_mut().for_each(is_at_its_end);
    let report = odd.end();
    assert_eq!(report["park"]["parked"], 11, "{report}");
    let counted = odd.said("strangers:");
    println!("strangers: {counted}");
    assert!(counted.ends_with(" seen, 0 marked"), "{counted}");
}

fn shutdown() {
    let mut odd = Odd::start("shutdown", &[]);
    let mut idle = kept_alive(odd.server.address(), 5);
    let mut working = busy(&odd);
    odd.stop_and_park(6);
    is_answered(&mut working, &odd);
    idle.iter_mut().chain([&mut working]).for_each(is_at_its_end);
    assert!(odd.server.try_wait().is_none(), "the end came with the server's own");
    let report = odd.end();
    assert_eq!(
        (&report["park"]["cut"], &report["left_behind"]["unanswered"]),
        (&0.into(), &0.into()),
        "{report}"
    );
}

fn lingering() {
    let mut odd = Odd::start("lingering", &[]);
    let mut idle = kept_alive(odd.server.address(), 5);
    odd.server.signal(libc::SIGTERM);
    odd.logs("forwarded");
    wait_for("the marks to be down", || (odd.marks() == [1; 5]).then_some(()));
    assert_eq!(ask(&mut idle[0], "/").expect("the server's answer"), (200, true, "ok".into()));
    idle.iter_mut().for_each(is_at_its_end);
    let report = odd.end();
    assert_eq!((&report["park"]["at_rest"], &report["late_requests"]["answered"]), (&5.into(), &0.into()));
}
