//! Requests that are sent before the answer to the one before: each is answered or told, in its order, and what is said
//! on the connection is never torn.
use crate::http::Connection;
use crate::odd::Odd;
use crate::support::trial::trial;
use crate::talk::{busy, get, hear, is_at_its_end, is_told_once, kept_alive};
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for count in [2, 3] {
        let name = format!("{count}_requests_at_once_before_the_stop_are_all_the_servers");
        trials.push(trial(&name, &Ok(()), move || before(count)));
        let name = format!("{count}_requests_at_once_on_a_parked_connection_are_told_once");
        trials.push(trial(&name, &Ok(()), move || parked(count)));
    }
    let name = "what_waits_behind_a_long_request_is_given_to_the_server";
    trials.push(trial(name, &Ok(()), || across(1200, &[200])));
    let name = "what_waits_behind_a_short_request_is_answered_or_told_after_it";
    trials.push(trial(name, &Ok(()), || across(150, &[200, 503])));
    trials
}

fn at_once(connection: &mut Connection, path: &str, count: usize) {
    connection.send(get(path).repeat(count).as_bytes()).expect("requests");
}

/// The server has read all of them: by its counters it is at rest between two answers. What takes less than the quiet
/// time (250 ms) is waited for.
fn before(count: usize) {
    let mut odd = Odd::start("polite", &[]);
    let mut client = kept_alive(odd.server.address(), 1).remove(0);
    at_once(&mut client, "/?ms=50", count);
    odd.server.signal(libc::SIGTERM);
    for _ in 0..count {
        assert_eq!(hear(&mut client).expect("an answer").0, 200);
    }
    is_at_its_end(&mut client);
    assert_eq!(odd.end()["outcome"], "drained");
}

/// Nobody knows whether the server would have done the second without the first: one 503, close, and the client knows
/// that the others were not processed (RFC 9112, section 9.3.2).
fn parked(count: usize) {
    let mut odd = Odd::start("polite", &[]);
    let mut client = kept_alive(odd.server.address(), 1).remove(0);
    let mut working = busy(&odd, 1000);
    odd.stop_and_park(2);
    at_once(&mut client, "/", count);
    is_told_once(&mut client);
    assert_eq!(hear(&mut working).expect("its answer").0, 200);
    assert_eq!(odd.end()["late_requests"]["answered"], 1);
}

/// One before the gate, one behind it while the server works on the first.
fn across(ms: u32, second: &[u16]) {
    let mut odd = Odd::start("polite", &[]);
    let mut client = busy(&odd, ms);
    odd.server.signal(libc::SIGTERM);
    odd.logs("gate closed");
    client.send(get("/").as_bytes()).expect("a request");
    assert_eq!(hear(&mut client).expect("its answer").0, 200);
    let status = hear(&mut client).expect("an answer to the second").0;
    println!("the second: {status}");
    assert!(second.contains(&status), "{status}");
    is_at_its_end(&mut client);
    assert_eq!(odd.end()["outcome"], "drained");
}
