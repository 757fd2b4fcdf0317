//! Clocks that tie, and rows whose halves are of different instants.
use super::Act;
use super::stories::{EXPECTS, FRAME, HALF, ONE, look, look_in, parked, tell, working};
use super::witness::Moments;
use super::world::Event;
use crate::sockets::connections::Standing;

#[test]
fn given_a_request_of_which_more_comes_while_the_row_is_made_then_nothing_of_it_counts_as_read() {
    let mut witness = parked(false);
    witness.happen(Event::Ask(&HALF));
    let torn = Moments { torn: Some(Event::More), ..Moments::default() };
    assert_eq!(look_in(&mut witness, torn).0, [Act::Peek, Act::Take]);
    assert!(!witness.connection.owes() && !witness.connection.pipelines());
}

#[test]
fn given_bytes_of_the_same_tick_as_the_answer_before_when_they_are_released_then_they_are_never_at_rest_unanswered()
 {
    let mut witness = working(&ONE);
    tell(&mut witness, &[Event::Serve, Event::Acknowledge, Event::Ask(&FRAME)]);
    assert_eq!(look(&mut witness).0, [Act::Peek, Act::Lower]);
    tell(&mut witness, &[Event::Serve, Event::Pass(5_000)]);
    assert_eq!(look(&mut witness), (vec![], Some(Standing::InFlight)));
    tell(&mut witness, &[Event::Serve, Event::Acknowledge, Event::Pass(300)]);
    assert_eq!(
        look(&mut witness),
        (vec![Act::Raise], Some(Standing::Idle)),
        "it took long to make, not to say"
    );
}

#[test]
fn given_an_answer_that_ends_at_a_look_that_disagrees_when_a_100_continue_follows_then_it_is_told_from_it() {
    let mut witness = working(&ONE);
    tell(&mut witness, &[Event::Serve, Event::Acknowledge, Event::Pass(8)]);
    let torn = Moments { torn: Some(Event::Ask(&EXPECTS)), ..Moments::default() };
    assert_eq!(look_in(&mut witness, torn), (vec![], Some(Standing::InFlight)));
    tell(&mut witness, &[Event::Serve, Event::Pass(8), Event::Serve, Event::Acknowledge]);
    assert_eq!(look(&mut witness), (vec![Act::Lower], Some(Standing::InFlight)));
}

#[test]
fn given_an_answer_that_is_acknowledged_while_the_row_is_made_then_the_next_request_is_no_pipelined_one() {
    let mut witness = working(&ONE);
    tell(&mut witness, &[Event::Pass(300), Event::Serve]);
    let torn = Moments { torn: Some(Event::Acknowledge), ..Moments::default() };
    look_in(&mut witness, torn);
    tell(&mut witness, &[Event::Pass(8), Event::Ask(&ONE)]);
    look(&mut witness);
    tell(&mut witness, &[Event::Pass(300)]);
    assert_eq!(look(&mut witness).0, [Act::Take]);
    assert!(!witness.connection.pipelines());
}
