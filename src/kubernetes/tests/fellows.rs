//! Who else serves.
use super::super::fellows::{Fellows, fellows};
use super::super::objects::EndpointSlice;
use super::{identity, ready, slice, slices, terminating};
use serde_json::json;

fn at(addresses: &[&str]) -> Fellows {
    Fellows::At(addresses.iter().map(|address| address.parse().unwrap()).collect())
}

#[test]
fn given_endpoints_then_the_ready_ones_beside_this_pod_are_its_fellows() {
    let slices =
        slices(&[slice("web-a", "web", 8000, &[terminating(0), ready(1), terminating(2), ready(3)])]);
    assert_eq!(fellows(&slices, &identity(), &[8000]), at(&["10.0.0.2:8000", "10.0.0.4:8000"]));
}

#[test]
fn given_a_pod_that_is_still_offered_then_it_is_no_fellow_of_its_own() {
    let slices = slices(&[slice("web-a", "web", 8000, &[ready(0), ready(1)])]);
    assert_eq!(fellows(&slices, &identity(), &[8000]), at(&["10.0.0.2:8000"]));
}

#[test]
fn given_another_number_behind_the_same_name_then_that_is_the_fellows_port() {
    let slices =
        slices(&[slice("web-a", "web", 8000, &[terminating(0)]), slice("web-b", "web", 9000, &[ready(1)])]);
    assert_eq!(fellows(&slices, &identity(), &[8000]), at(&["10.0.0.2:9000"]));
}

#[test]
fn given_two_services_with_the_same_pods_then_each_fellow_counts_once() {
    let of = |service: &str| slice(service, service, 8000, &[terminating(0), ready(1)]);
    assert_eq!(fellows(&slices(&[of("web"), of("headless")]), &identity(), &[8000]), at(&["10.0.0.2:8000"]));
}

#[test]
fn given_ports_of_somebody_else_then_there_are_no_fellows() {
    let slices = slices(&[slice("web-a", "web", 8000, &[terminating(0), ready(1)])]);
    assert_eq!(fellows(&slices, &identity(), &[9999]), at(&[]));
}

#[test]
fn given_several_ports_of_this_pod_then_it_is_not_told_which_is_meant() {
    let mut both: EndpointSlice = slice("web-a", "web", 8000, &[terminating(0), ready(1)]);
    let more = json!([{"name": "http", "port": 8000}, {"name": "admin", "port": 8001}, {"name": "udp", "port": 53, "protocol": "UDP"}]);
    both.ports = serde_json::from_value(more).unwrap();
    let slices = slices(&[both]);
    assert_eq!(fellows(&slices, &identity(), &[8000, 8001]), Fellows::SeveralPorts(vec![8000, 8001]));
    assert_eq!(
        fellows(&slices, &identity(), &[8000]),
        at(&["10.0.0.2:8000"]),
        "one of them is named by --port"
    );
}
