use super::*;

const ALL: Facts = Facts {
    way: Way::Run,
    queue_is_seen: true,
    in_flight_is_seen: true,
    capture: Capture::Getfd,
    gate: Gate::Divert,
    parks: true,
    ends_with_the_server: false,
};

#[test]
fn the_whole_promise_needs_a_hold_a_gate_and_parking() {
    assert_eq!(ALL.plan().promise, Promise::Full);
    for weaker in [
        Facts { capture: Capture::None, ..ALL },
        Facts { gate: Gate::None, ..ALL },
        Facts { parks: false, ..ALL },
        Facts { in_flight_is_seen: false, ..ALL },
        Facts { way: Way::Wait, ends_with_the_server: true, ..ALL },
    ] {
        assert_eq!(weaker.plan().promise, Promise::Weaker, "{weaker:?}");
    }
}

#[test]
fn a_restricted_pod_keeps_new_connections_and_parks_none() {
    let plan = Facts { capture: Capture::Bind, parks: false, ..ALL }.plan();
    assert_eq!((plan.gate, plan.parks, plan.promise), (Gate::Divert, false, Promise::Weaker));
    assert_eq!(plan.sentences[0], "New and queued connections: none is lost.");
}

#[test]
fn a_hook_that_outlives_the_server_promises_the_same_but_for_the_crash() {
    let [run, wait] = [Way::Run, Way::Wait].map(|way| Facts { way, ..ALL }.plan());
    assert_eq!((wait.promise, &wait.sentences[..2]), (Promise::Full, &run.sentences[..]));
    assert_eq!(wait.sentences[2], "A server that ends by itself calls no hook: its queue is lost.");
}

#[test]
fn a_hook_that_ends_with_process_1_may_lose_the_request_of_that_instant() {
    let plan = Facts { way: Way::Wait, ends_with_the_server: true, ..ALL }.plan();
    assert!(plan.sentences[1].contains("in the instant in which the server's first process ends"));
    assert!(plan.parks, "all others are parked");
}

#[test]
fn a_hook_in_a_restricted_pod_settles_and_says_when_it_returns() {
    let none = Facts { capture: Capture::None, gate: Gate::None, parks: false, ..ALL };
    let [run, wait, sidecar] = [Way::Run, Way::Wait, Way::Sidecar].map(|way| Facts { way, ..none }.plan());
    assert_ne!(run.sentences[0], wait.sentences[0], "run may hold what the server binds");
    assert_eq!(wait.sentences, sidecar.sentences);
    assert!(wait.sentences[0].contains("--settle"));
    assert_eq!(wait.promise, Promise::Weaker);
}

#[test]
fn a_sidecar_refuses_or_joins_and_the_queue_is_the_servers() {
    let sidecar = |gate| {
        Facts { way: Way::Sidecar, capture: Capture::None, gate, parks: false, ..ALL }.plan().sentences[0]
    };
    assert!(sidecar(Gate::Refuse).contains("are refused"));
    assert!(sidecar(Gate::Divert).contains("has joined the server's group"));
}

#[test]
fn what_is_not_seen_and_not_held_is_not_drained() {
    let blind = Facts {
        queue_is_seen: false,
        in_flight_is_seen: false,
        capture: Capture::None,
        gate: Gate::None,
        ..ALL
    };
    assert_eq!(blind.plan().promise, Promise::Nothing);
    assert!(!blind.plan().parks, "what is in flight is not seen");
    assert_eq!(Facts { queue_is_seen: true, ..blind }.plan().promise, Promise::Weaker);
    assert_eq!(Facts { gate: Gate::Refuse, ..blind }.plan().promise, Promise::Weaker);
}
