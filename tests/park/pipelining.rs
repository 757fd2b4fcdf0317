//! Requests that are sent before the answer to the one before: each is answered or told, in its order, and what is said
//! on the connection is never torn.
use crate::http::Connection;
use crate::odd::Odd;
use crate::support::trial::trial;
use crate::support::wait_for;
use crate::talk::{busy, get, hear, is_answered, is_at_its_end, is_told_once, kept_alive};
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
    trials.push(trial(name, &Ok(()), behind_a_long_one));
    let name = "what_waits_behind_a_short_request_is_answered_or_told_after_it";
    trials.push(trial(name, &Ok(()), behind_a_short_one));
    trials
}

fn at_once(connection: &mut Connection, path: &str, count: usize) {
    connection.send(get(path).repeat(count).as_bytes()).expect("requests");
}

/// The server has read all of them: by its counters it is at rest between two answers, and would cut the next at its
/// signal. What takes less than the quiet time (250 ms) is waited for.
fn before(count: usize) {
    let mut odd = Odd::start("shutdown", &[]);
    let mut client = kept_alive(odd.server.address(), 1).remove(0);
    let requests = get("/held") + &get("/?ms=50").repeat(count - 1);
    client.send(requests.as_bytes()).expect("requests");
    odd.stop_and_park(1);
    is_answered(&mut client, &odd);
    for _ in 1..count {
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
    let mut working = busy(&odd);
    odd.stop_and_park(2);
    at_once(&mut client, "/", count);
    is_told_once(&mut client);
    is_answered(&mut working, &odd);
    assert_eq!(odd.end()["late_requests"]["answered"], 1);
}

/// One before the gate, one behind it that is left unread while the server works on the first.
fn two_requests() -> (Odd, Connection) {
    let odd = Odd::start("polite", &[]);
    let mut client = busy(&odd);
    odd.stop_and_park(1);
    client.send(get("/").as_bytes()).expect("a request");
    (odd, client)
}

/// The two were told apart, and nothing was left undone.
fn both_were_served(mut odd: Odd, released: u64) {
    let report = odd.end();
    let park = &report["park"];
    assert_eq!((&park["pipelining"], &park["released"]), (&1.into(), &released.into()), "{report}");
    assert_eq!(report["outcome"], "drained");
}

/// The server may be waiting for what waits: it might be the first one's body.
fn behind_a_long_one() {
    let (odd, mut client) = two_requests();
    wait_for("the server to be given it", || (odd.marks() == [1]).then_some(()));
    is_answered(&mut client, &odd);
    assert_eq!(hear(&mut client).expect("the server's answer").0, 200);
    is_at_its_end(&mut client);
    both_were_served(odd, 1);
}

/// It is left unread until the server has let go; where the first took longer after all, it is the server's.
fn behind_a_short_one() {
    let (odd, mut client) = two_requests();
    is_answered(&mut client, &odd);
    let status = hear(&mut client).expect("an answer to the second").0;
    println!("the second: {status}");
    let released = match status {
        503 => 0,
        200 => 1,
        other => panic!("{other}"),
    };
    is_at_its_end(&mut client);
    both_were_served(odd, released);
}
