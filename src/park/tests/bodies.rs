//! Bodies on parked connections: what is the server's gets to it.
use super::Act;
use super::stories::{ENDS_IN_CRLF, EXPECTS, UPLOAD, look, look_in, parked, tell, working};
use super::witness::Moments;
use super::world::Event;
use crate::sockets::connections::Standing;

#[test]
fn given_a_100_continue_when_the_body_looks_like_a_request_then_the_server_has_it_and_is_not_at_rest() {
    let mut witness = working(&EXPECTS);
    tell(&mut witness, &[Event::Pass(8), Event::Serve, Event::Acknowledge]);
    assert_eq!(look(&mut witness), (vec![Act::Lower], Some(Standing::InFlight)));
    witness.happen(Event::Pass(1_900));
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    tell(&mut witness, &[Event::More, Event::Serve, Event::Pass(8), Event::Serve, Event::Acknowledge]);
    assert_eq!(look(&mut witness).0, [Act::Raise], "answered");
}

#[test]
fn given_25_bytes_that_were_no_100_continue_when_nothing_happens_then_it_comes_to_rest() {
    let mut witness = working(&EXPECTS);
    tell(&mut witness, &[Event::Pass(8), Event::Serve, Event::Acknowledge, Event::Pass(2_008)]);
    assert_eq!(look(&mut witness), (vec![Act::Lower], Some(Standing::Idle)));
}

#[test]
fn given_a_body_when_its_rest_comes_then_it_is_released_at_the_first_look_and_not_parked_before_the_answer() {
    let mut witness = working(&ENDS_IN_CRLF);
    witness.happen(Event::More);
    assert_eq!(look(&mut witness).0, [Act::Peek, Act::Lower]);
    witness.happen(Event::Serve);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    tell(&mut witness, &[Event::More, Event::Serve, Event::Pass(8), Event::Serve, Event::Acknowledge]);
    assert_eq!(look(&mut witness).0, [Act::Raise]);
}

#[test]
fn given_a_body_that_ends_in_an_empty_line_when_only_that_waits_then_it_is_released() {
    let mut witness = parked(true);
    witness.happen(Event::Ask(&ENDS_IN_CRLF));
    witness.happen(Event::More);
    witness.world.reads_anyway = true;
    witness.happen(Event::Serve);
    look(&mut witness);
    look(&mut witness);
    witness.happen(Event::More);
    assert_eq!(look(&mut witness).0, [Act::Peek, Act::Lower]);
}

/// As with a long body and a small buffer.
#[test]
fn given_a_body_that_is_read_in_spite_of_the_mark_when_looks_meet_its_rest_then_it_is_no_stranger_however_often()
 {
    let mut witness = parked(true);
    for _ in 0..5 {
        witness.world.reads_anyway = true;
        tell(&mut witness, &[Event::Ask(&ENDS_IN_CRLF), Event::Serve, Event::More]);
        assert_eq!(look(&mut witness).0, [Act::Peek, Act::Lower]);
        tell(&mut witness, &[Event::Serve, Event::More, Event::Serve]);
        look(&mut witness);
        tell(&mut witness, &[Event::Pass(8), Event::Serve, Event::Acknowledge]);
        assert_eq!(look(&mut witness).0, [Act::Raise]);
    }
}

#[test]
fn given_a_release_that_could_not_be_done_when_nothing_is_read_then_it_is_asked_for_again() {
    let mut witness = working(&UPLOAD);
    witness.happen(Event::More);
    assert_eq!(look(&mut witness).0, [Act::Peek]);
    witness.happen(Event::Pass(252));
    let refused = Moments { refused: true, ..Moments::default() };
    assert_eq!(look_in(&mut witness, refused).0, [Act::Lower]);
    witness.happen(Event::Pass(240));
    assert_eq!(look(&mut witness).0, [], "it may just be busy");
    witness.happen(Event::Pass(10));
    assert_eq!(look(&mut witness).0, [Act::Lower]);
    assert!(!witness.world.mark);
}
