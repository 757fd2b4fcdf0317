//! What the counters say, look by look.
use super::*;
use proptest::prelude::*;

const ESTABLISHED: u8 = 1;
/// A tick of HZ 250.
const TICK: Duration = Duration::from_millis(4);
const LONG: Duration = Duration::from_hours(1);

/// An accepted connection with nothing unread and nothing unacknowledged.
fn said(received: u64, sent: u64, since_received: Duration, since_sent: Duration) -> Counters {
    let spoken = Spoken {
        received,
        sent,
        since_received,
        since_sent,
        outstanding: None,
        bare_received: None,
        bare_sent: None,
    };
    Counters { state: ESTABLISHED, owned: true, recv_queue: 0, send_queue: 0, spoken: Some(spoken) }
}

/// The same, with everything acknowledged, and how many segments without data came and went.
fn acknowledged(counters: Counters, bare_received: u32, bare_sent: u32) -> Counters {
    let spoken = counters.spoken.map(|spoken| Spoken {
        outstanding: Some(false),
        bare_received: Some(bare_received),
        bare_sent: Some(bare_sent),
        ..spoken
    });
    Counters { spoken, ..counters }
}

fn unread(counters: Counters) -> Counters {
    Counters { recv_queue: 1, ..counters }
}

/// The standings of one connection at successive looks.
fn looks(seen: &[Counters]) -> Vec<Option<Standing>> {
    let mut memory = Memory::default();
    seen.iter()
        .map(|counters| {
            let standing = memory.standing(1, *counters);
            memory.end_of_look();
            standing
        })
        .collect()
}

#[test]
fn a_request_that_was_seen_unread_is_in_flight_however_long_it_takes_although_the_clocks_tie() {
    let standings = looks(&[
        said(7, 6, TICK, TICK / 4), // answered
        unread(said(14, 6, TICK, TICK)),
        said(14, 6, LONG, LONG),
    ]);
    assert_eq!(standings, [Some(Standing::Idle), Some(Standing::Unread), Some(Standing::InFlight)]);
}

#[test]
fn a_request_that_acknowledged_the_answer_before_it_is_in_flight_however_long_it_takes() {
    let tie = |since| said(14, 6, since, since);
    let first = acknowledged(said(7, 0, TICK, TICK), 1, 1);
    let by_request = looks(&[first, acknowledged(tie(TICK), 1, 1), acknowledged(tie(LONG), 1, 2)]);
    assert_eq!(by_request.last(), Some(&Some(Standing::InFlight)));
    let by_itself = looks(&[first, acknowledged(tie(TICK), 2, 1), acknowledged(tie(LONG), 2, 1)]);
    assert_eq!(by_itself.last(), Some(&Some(Standing::Idle)));
}

#[test]
fn a_request_that_the_server_acknowledged_alone_is_in_flight_and_a_probe_later_proves_nothing() {
    let tie = |since, sent| acknowledged(said(14, 6, since, since), 1, sent);
    let delayed = Duration::from_millis(44);
    let looks = |history: &[Counters]| looks(history).pop().flatten();
    assert_eq!(looks(&[tie(TICK, 1), tie(delayed, 2), tie(LONG, 2)]), Some(Standing::InFlight));
    assert_eq!(looks(&[tie(TICK, 1), tie(delayed, 1), tie(LONG, 2)]), Some(Standing::Idle));
    let fin = Counters { state: TCP_CLOSE_WAIT, recv_queue: 1, ..tie(delayed, 2) };
    assert_eq!(looks(&[tie(TICK, 1), fin, tie(LONG, 2)]), Some(Standing::Idle));
}

#[test]
fn a_look_that_failed_half_way_forgets_nothing() {
    let mut memory = Memory::default();
    memory.standing(1, said(7, 0, TICK, TICK));
    memory.standing(1, said(7, 6, TICK, TICK));
    memory.end_of_look();
    memory.standing(2, said(7, 6, TICK, TICK)); // and the dump broke off: no end of the look
    assert_eq!(memory.standing(1, said(7, 6, TICK, TICK)), Some(Standing::Idle));
}

#[test]
fn a_connection_is_forgotten_when_three_looks_in_a_row_did_not_show_it() {
    let mut memory = Memory::default();
    memory.standing(1, said(7, 6, TICK, TICK));
    memory.end_of_look();
    for left in [1, 1, 0] {
        memory.end_of_look();
        assert_eq!(memory.seen.values().count(), left);
    }
}

#[test]
fn a_tie_that_nobody_saw_happen_is_unclear_until_the_connection_was_quiet_for_a_while() {
    let short = TIE_QUIET.checked_sub(TICK).unwrap();
    assert_eq!(looks(&[said(7, 6, short, short)]), [Some(Standing::Unclear)]);
    assert_eq!(looks(&[said(7, 6, TIE_QUIET, TIE_QUIET)]), [Some(Standing::Idle)]);
}

fn milliseconds() -> impl Strategy<Value = Duration> {
    (0..3000u64).prop_map(Duration::from_millis)
}

prop_compose! {
    fn any_spoken()(
        received in any::<u64>(),
        sent in any::<u64>(),
        since_received in milliseconds(),
        since_sent in milliseconds(),
        outstanding in any::<Option<bool>>(),
        bare_received in any::<Option<u32>>(),
        bare_sent in any::<Option<u32>>(),
    ) -> Spoken {
        Spoken { received, sent, since_received, since_sent, outstanding, bare_received, bare_sent }
    }
}

prop_compose! {
    /// Any row at all, sensible or not.
    fn any_counters()(
        state in 0..14u8,
        owned in any::<bool>(),
        recv_queue in prop_oneof![0..3u32, any::<u32>()],
        send_queue in prop_oneof![0..3u32, any::<u32>()],
        spoken in proptest::option::of(any_spoken()),
    ) -> Counters {
        Counters { state, owned, recv_queue, send_queue, spoken }
    }
}

proptest! {
    #[test]
    fn no_history_of_rows_makes_it_panic_and_a_history_always_tells_the_same(
        history in proptest::collection::vec(any_counters(), 1..20)
    ) {
        prop_assert_eq!(looks(&history), looks(&history));
    }

    #[test]
    fn unread_bytes_of_an_accepted_connection_come_before_all_else(
        history in proptest::collection::vec(any_counters(), 0..5),
        spoken in proptest::option::of(any_spoken()),
        recv_queue in 2..u32::MAX,
        send_queue in any::<u32>(),
        state in prop_oneof![Just(ESTABLISHED), Just(TCP_CLOSE_WAIT)],
    ) {
        let now = Counters { state, owned: true, recv_queue, send_queue, spoken };
        let history: Vec<Counters> = history.into_iter().chain([now]).collect();
        prop_assert_eq!(looks(&history).pop(), Some(Some(Standing::Unread)));
    }

    #[test]
    fn a_client_that_was_seen_to_speak_is_in_flight_whatever_the_clocks_say(
        before in any_spoken(),
        more in 1..1000u64,
        since_received in milliseconds(),
        since_sent in milliseconds(),
        looks_since in 1..5usize,
    ) {
        let received = before.received.saturating_sub(more);
        let mut history = vec![said(received, before.sent, before.since_received, before.since_sent)];
        history.extend(vec![said(received + more, before.sent, since_received, since_sent); looks_since]);
        prop_assert_eq!(looks(&history).pop(), Some(Some(Standing::InFlight)));
    }

    #[test]
    fn a_server_that_was_seen_to_speak_has_answered_whatever_the_clocks_say(
        before in any_spoken(),
        more in 1..1000u64,
        since in milliseconds(),
    ) {
        let (received, sent) = (before.received.max(1), before.sent.saturating_sub(more));
        let history = [
            said(received, sent, before.since_received, before.since_sent),
            said(received, sent + more, since, since),
        ];
        prop_assert_eq!(looks(&history).pop(), Some(Some(Standing::Idle)));
    }

    #[test]
    fn what_is_not_acknowledged_is_in_flight(spoken in any_spoken(), send_queue in 1..u32::MAX) {
        prop_assume!(spoken.received > 0);
        let now = Counters { send_queue, ..said(spoken.received, spoken.sent, spoken.since_received, spoken.since_sent) };
        prop_assert_eq!(looks(&[now]), [Some(Standing::InFlight)]);
    }

    #[test]
    fn without_tcp_info_nothing_is_made_up(recv_queue in 0..2u32, send_queue in any::<u32>()) {
        let now = Counters { state: TCP_CLOSE_WAIT, owned: true, recv_queue, send_queue, spoken: None };
        prop_assert_eq!(looks(&[now]), [None]);
    }
}
