//! What servers and clients were seen to do, step by step.
use super::witness::{Moments, Witness};
use super::world::{Event, Request};
use super::{Act, Patience, Stance};
use crate::sockets::connections::Standing;

/// Of one piece each way.
const GET: Request = Request { pieces: &["GET / HTTP/1.1\r\n\r\n"], expects: false, answer: 1, early: false };
const HEAD: &str = "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
pub static ONE: Request = GET;
static IN_TWO: Request = Request { answer: 2, ..GET };
static IN_THREE: Request = Request { answer: 3, ..GET };
pub static UPLOAD: Request = Request { pieces: &[HEAD, "GET / HTTP/1.1\r\n"], ..GET };
pub static EXPECTS: Request = Request { expects: true, ..UPLOAD };
pub static ENDS_IN_CRLF: Request = Request { pieces: &[HEAD, "abcdefg", "\r\n"], ..GET };
pub static HALF: Request = Request { pieces: &["GET / HT", "TP/1.1\r\n\r\n"], ..GET };
pub static FRAME: Request = Request { pieces: &["\u{1}\u{2}abc"], ..GET };

/// A connection that was used, and is parked, long at rest.
pub fn parked(eager: bool) -> Witness {
    let mut witness = Witness::new(4, eager);
    tell(&mut witness, &[Event::Pass(1_000), Event::Ask(&ONE), Event::Serve, Event::Pass(8), Event::Serve]);
    tell(&mut witness, &[Event::Acknowledge, Event::Pass(5_000)]);
    if eager {
        witness.happen(Event::Serve);
    }
    assert_eq!(look(&mut witness), (vec![Act::Raise], Some(Standing::Idle)));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::Idle)));
    witness
}

/// A parked connection whose server works on this request, which it got in spite of the mark.
pub fn working(request: &'static Request) -> Witness {
    let mut witness = parked(true);
    witness.world.reads_anyway = true;
    tell(&mut witness, &[Event::Ask(request), Event::Serve]);
    look(&mut witness);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    assert!(witness.connection.owes());
    witness
}

pub fn tell(witness: &mut Witness, events: &[Event]) {
    for event in events {
        witness.happen(*event);
    }
}

pub fn look_in(witness: &mut Witness, moments: Moments) -> (Vec<Act>, Option<Standing>) {
    witness.acts.clear();
    let standing = witness.look(moments).unwrap_or_else(|law| panic!("law {law}"));
    (witness.acts.clone(), standing)
}

pub fn look(witness: &mut Witness) -> (Vec<Act>, Option<Standing>) {
    look_in(witness, Moments::default())
}

#[test]
fn given_a_connection_long_at_rest_when_a_request_comes_then_it_is_taken_at_once() {
    let mut witness = parked(false);
    witness.happen(Event::Ask(&ONE));
    assert_eq!(look(&mut witness), (vec![Act::Peek, Act::Take], Some(Standing::Over)));
    assert_eq!(witness.connection.stance(), Stance::Taken);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::Over)));
}

#[test]
fn given_a_connection_that_cannot_be_parked_when_it_is_looked_at_then_it_is_left_open_and_asked_for_again() {
    let mut witness = Witness::new(4, false);
    tell(&mut witness, &[Event::Ask(&ONE), Event::Serve, Event::Pass(8), Event::Serve, Event::Acknowledge]);
    for _ in 0..2 {
        let refused = Moments { refused: true, ..Moments::default() };
        assert_eq!(look_in(&mut witness, refused).0, [Act::Raise]);
        assert_eq!(witness.connection.stance(), Stance::Open);
    }
}

#[test]
fn given_a_server_that_reads_before_it_waits_when_it_is_quicker_than_the_take_then_it_owes_the_answer() {
    let mut witness = parked(true);
    witness.world.reads_anyway = true;
    witness.happen(Event::Ask(&ONE));
    let quicker = Moments { after: Some(Event::Serve), ..Moments::default() };
    look_in(&mut witness, quicker);
    assert_eq!(witness.connection.stance(), Stance::Parked);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    assert!(witness.connection.owes());
}

#[test]
fn given_half_an_answer_when_a_request_comes_and_the_answer_goes_on_then_it_is_left_unread() {
    let mut witness = working(&IN_THREE);
    tell(&mut witness, &[Event::Serve, Event::Acknowledge, Event::Pass(200), Event::Ask(&ONE)]);
    assert_eq!(look(&mut witness), (vec![Act::Peek], Some(Standing::InFlight)));
    tell(&mut witness, &[Event::Serve, Event::Acknowledge]);
    look(&mut witness);
    assert!(witness.connection.pipelines());
    witness.happen(Event::Pass(240));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    tell(&mut witness, &[Event::Pass(2_000)]);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::Idle)), "until the server lets go");
}

#[test]
fn given_half_an_answer_that_is_not_delivered_when_a_request_waits_then_it_is_left_unread() {
    let mut witness = working(&IN_TWO);
    tell(&mut witness, &[Event::Serve, Event::Acknowledge, Event::Pass(8), Event::Ask(&ONE), Event::Serve]);
    look(&mut witness);
    witness.happen(Event::Pass(2_000));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)), "not delivered");
    witness.happen(Event::Acknowledge);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::Idle)));
    assert!(witness.connection.pipelines());
}

/// The limit: nothing tells half an answer and a silence from a whole one.
#[test]
fn given_half_an_answer_when_its_pause_is_longer_than_quiet_and_nobody_waited_then_a_request_is_taken() {
    let mut witness = working(&IN_TWO);
    tell(&mut witness, &[Event::Serve, Event::Acknowledge, Event::Pass(300), Event::Ask(&ONE)]);
    assert_eq!(look(&mut witness).0, [Act::Peek, Act::Take]);
}

#[test]
fn given_an_answer_that_only_the_next_request_acknowledges_then_that_is_no_pipelining_and_is_taken() {
    let mut witness = working(&ONE);
    tell(&mut witness, &[Event::Pass(8), Event::Serve]);
    look(&mut witness);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)), "not acknowledged");
    tell(&mut witness, &[Event::Pass(8), Event::Ask(&ONE)]);
    assert_eq!(look(&mut witness).0, [Act::Peek]);
    tell(&mut witness, &[Event::Pass(248)]);
    assert_eq!(look(&mut witness).0, [Act::Take]);
    assert!(!witness.connection.pipelines());
}

#[test]
fn given_a_pipelined_request_when_the_server_says_nothing_then_it_is_released_after_a_while() {
    let mut witness = working(&ONE);
    witness.happen(Event::Ask(&ONE));
    assert_eq!(look(&mut witness).0, [Act::Peek]);
    assert!(witness.connection.pipelines());
    witness.happen(Event::Pass(240));
    assert_eq!(look(&mut witness).0, []);
    witness.happen(Event::Pass(10));
    assert_eq!(look(&mut witness).0, [Act::Lower]);
}

#[test]
fn given_half_a_request_line_when_its_client_stops_then_it_is_taken_after_quiet() {
    let mut witness = parked(false);
    witness.happen(Event::Ask(&HALF));
    assert_eq!(look(&mut witness).0, [Act::Peek]);
    witness.happen(Event::Pass(252));
    assert_eq!(look(&mut witness).0, [Act::Peek, Act::Take]);
}

#[test]
fn given_a_client_that_closes_its_half_then_the_connection_is_the_servers() {
    let mut witness = parked(false);
    tell(&mut witness, &[Event::Ask(&ONE), Event::Finish]);
    assert_eq!(look(&mut witness).0, [Act::Lower]);
}

#[test]
fn given_what_is_no_request_when_it_comes_twice_although_the_server_owes_nothing_then_it_is_unknown() {
    let mut witness = parked(false);
    for stance in [Stance::Open, Stance::Unknown] {
        witness.happen(Event::Ask(&FRAME));
        assert_eq!(look(&mut witness).0, [Act::Peek, Act::Lower]);
        assert_eq!(witness.connection.stance(), stance);
        tell(&mut witness, &[Event::Serve, Event::Pass(8), Event::Serve, Event::Acknowledge]);
        look(&mut witness);
    }
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    witness.happen(Event::Pass(252));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::Idle)));
}

#[test]
fn given_an_answer_that_pauses_when_its_next_word_is_late_then_it_is_not_at_rest() {
    let mut witness = working(&IN_THREE);
    tell(&mut witness, &[Event::Pass(40), Event::Serve, Event::Acknowledge]);
    look(&mut witness);
    tell(&mut witness, &[Event::Pass(200), Event::Serve, Event::Acknowledge]);
    look(&mut witness);
    witness.happen(Event::Pass(700));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    witness.happen(Event::Pass(100));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::Idle)));
}

#[test]
fn given_requests_that_are_read_in_spite_of_the_mark_when_patience_ends_then_an_instant_between_two_is_a_rest()
 {
    let mut witness = parked(true);
    for times in 1..=3 {
        witness.world.reads_anyway = true;
        tell(&mut witness, &[Event::Ask(&ONE), Event::Serve]);
        look(&mut witness);
        assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
        tell(&mut witness, &[Event::Pass(8), Event::Serve, Event::Acknowledge]);
        assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)), "it has only just spoken");
        let seen = witness.seen(None);
        let impatient = witness.connection.standing(&seen, Patience::Impatient);
        let expected = if times == 3 { Standing::Idle } else { Standing::InFlight };
        assert_eq!(impatient, Some(expected), "after {times}");
    }
}
