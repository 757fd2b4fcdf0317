//! The passage: clients of TLS are passed on to the server while it is there for them.
use crate::fellow::{fellow, relaying};
use crate::ports::closed_port;
use crate::scene::{GET, NOBODY, PATIENT, Scene, address, ends, hear, hear_bytes, listener, until};
use crate::tls::{ALERT, HELLO};
use lameduck::late_arrivals::{Desk, Kind, Passage, RESPONSE, Served, Settings, Traffic};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const PASSED_ON: Served = Served { passed_on: 1, ..NOBODY };
const ALERTED: Served = Served { alerted: 1, ..NOBODY };
/// Any will do where there is no gate.
const CLASS: u8 = 0;

/// A desk whose late arrivals may take a passage to this server.
fn before(server: SocketAddr) -> (Scene, Arc<Passage>) {
    before_with(server, PATIENT)
}

fn before_with(server: SocketAddr, silent_grace: Duration) -> (Scene, Arc<Passage>) {
    let passage = Arc::new(Passage::new(server, CLASS));
    let desk = Desk::open(Settings::answering(silent_grace)).unwrap();
    let listener = listener(true);
    desk.accept_from(&listener, Some(Arc::clone(&passage))).unwrap();
    (Scene { desk, at: address(&listener) }, passage)
}

/// Answers with what it has heard when the client has closed its half.
fn repeat(mut connection: TcpStream) {
    let mut heard = Vec::new();
    connection.read_to_end(&mut heard).unwrap();
    connection.write_all(&heard).unwrap();
}

fn says(scene: &Scene, what: &[u8]) -> TcpStream {
    let mut client = scene.connect();
    client.write_all(what).unwrap();
    client
}

#[test]
fn a_client_of_tls_has_the_server_s_own_answer_to_every_byte() {
    let (scene, passage) = before(fellow(repeat));
    for header in [&b""[..], b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"] {
        let all = [header, HELLO, &vec![7; 1 << 20]].concat();
        let client = says(&scene, &all);
        client.shutdown(Shutdown::Write).unwrap();
        assert!(hear_bytes(client) == all, "it heard something else");
    }
    ends(&scene.desk, Kind::LateArrival, Served { passed_on: 2, ..NOBODY });
    assert!(passage.speaks_tls());
    assert_eq!(passage.traffic(), Traffic { waited_for: 0, passed_on: 2 });
}

#[test]
fn whoever_has_said_nothing_yet_is_waited_for_until_it_is_the_server_s() {
    let (scene, passage) = before(fellow(repeat));
    assert_eq!(passage.traffic(), Traffic::default());
    let mut client = scene.connect();
    until(|| scene.desk.busy() == 1);
    assert_eq!(passage.traffic(), Traffic { waited_for: 1, passed_on: 0 });
    client.write_all(HELLO).unwrap();
    until(|| passage.traffic() == Traffic { waited_for: 0, passed_on: 1 });
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(hear_bytes(client), HELLO);
    ends(&scene.desk, Kind::LateArrival, PASSED_ON);
}

#[test]
fn behind_a_request_that_can_be_answered_nobody_is_waited_for_and_tls_is_told_by_an_alert() {
    let (scene, passage) = before(fellow(repeat));
    let silent = scene.connect();
    until(|| passage.traffic().waited_for == 1);
    assert_eq!(hear(says(&scene, GET)), RESPONSE);
    assert_eq!(passage.traffic(), Traffic::default(), "not even those that came before");
    assert!(!passage.may_speak_tls());
    assert_eq!(hear_bytes(says(&scene, HELLO)), ALERT);
    drop(silent);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, alerted: 1, gone: 1, ..NOBODY });
}

#[test]
fn where_a_fellow_answers_nobody_is_passed_on_or_turned_away() {
    let passage = Arc::new(Passage::new(closed_port(), CLASS));
    let desk = Desk::open(relaying(&[fellow(repeat)])).unwrap();
    let listener = listener(true);
    desk.accept_from(&listener, Some(Arc::clone(&passage))).unwrap();
    let scene = Scene { desk, at: address(&listener) };
    let client = says(&scene, HELLO);
    // It goes on for as long as the client does, and holds nobody up.
    until(|| scene.desk.busy() == 1 && passage.traffic() == Traffic::default());
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(hear_bytes(client), HELLO);
    ends(&scene.desk, Kind::LateArrival, Served { relayed: 1, ..NOBODY });
    assert!(!passage.speaks_tls());
}

#[test]
fn one_that_has_begun_a_request_is_waited_for_no_more() {
    let (scene, passage) = before(fellow(repeat));
    let client = says(&scene, b"GET / HT");
    until(|| scene.desk.busy() == 1 && passage.traffic().waited_for == 0);
    assert!(passage.may_speak_tls(), "which it has not said yet");
    client.shutdown(Shutdown::Both).unwrap();
}

/// It has not closed its half, and the desk has not done with it.
#[test]
fn one_that_was_answered_for_its_silence_is_waited_for_no_more() {
    let (scene, passage) = before_with(fellow(repeat), Duration::from_millis(50));
    let mut client = scene.connect();
    let mut answer = vec![0; RESPONSE.len()];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), RESPONSE);
    assert_eq!(passage.traffic(), Traffic::default());
    assert!(passage.may_speak_tls(), "which it has not said");
}

#[test]
fn once_the_server_is_told_to_stop_nobody_is_passed_on_or_waited_for() {
    let (scene, passage) = before(fellow(repeat));
    passage.close();
    let mut client = scene.connect();
    until(|| scene.desk.busy() == 1);
    assert_eq!(passage.traffic(), Traffic::default());
    client.write_all(HELLO).unwrap();
    assert_eq!(hear_bytes(client), ALERT);
    assert!(passage.speaks_tls(), "so that new ones are kept away");
    ends(&scene.desk, Kind::LateArrival, ALERTED);
}

#[test]
fn a_server_that_cannot_be_reached_leaves_the_alert() {
    let (scene, passage) = before(closed_port());
    assert_eq!(hear_bytes(says(&scene, HELLO)), ALERT);
    ends(&scene.desk, Kind::LateArrival, ALERTED);
    assert_eq!(passage.traffic(), Traffic::default());
}

/// Where a program leads astray, it leads to the desk itself.
#[test]
fn a_passage_that_leads_back_to_the_desk_ends_in_one_alert() {
    let desk = Desk::open(Settings::answering(PATIENT)).unwrap();
    let listener = listener(true);
    let at = address(&listener);
    desk.accept_from(&listener, Some(Arc::new(Passage::new(at, CLASS)))).unwrap();
    let scene = Scene { desk, at };
    assert_eq!(hear_bytes(says(&scene, HELLO)), ALERT);
    ends(&scene.desk, Kind::LateArrival, Served { alerted: 1, gone: 1, ..NOBODY });
}
