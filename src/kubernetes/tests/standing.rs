//! Whether traffic is sent here.
use super::super::identity::{Identity, Whoami};
use super::super::objects::WatchEvent;
use super::super::slices::{Slices, Standing};
use super::{endpoint, identity, ready, slice, slices, terminating};
use serde_json::json;

fn offered() -> Standing {
    Standing::Offered("web-a".to_owned())
}

fn alone() -> Standing {
    Standing::Alone("web".to_owned())
}

#[test]
fn given_a_ready_endpoint_beside_others_then_it_is_offered() {
    let slices = slices(&[slice("web-a", "web", 8000, &[ready(0), ready(1)])]);
    assert_eq!(slices.standing(&identity()), offered());
}

#[test]
fn given_conditions_that_are_not_said_then_it_is_ready() {
    let silent = endpoint(0, &json!({}));
    let slices = slices(&[slice("web-a", "web", 8000, &[silent, ready(1)])]);
    assert_eq!(slices.standing(&identity()), offered());
}

#[test]
fn given_an_endpoint_that_terminates_or_is_not_ready_then_it_is_withdrawn() {
    let published = endpoint(0, &json!({"ready": true, "serving": true, "terminating": true}));
    let unready = endpoint(0, &json!({"ready": false, "serving": false, "terminating": false}));
    for ours in [terminating(0), published, unready] {
        let slices = slices(&[slice("web-a", "web", 8000, &[ours, ready(1)])]);
        assert_eq!(slices.standing(&identity()), Standing::Withdrawn);
    }
}

#[test]
fn given_a_slice_that_lets_go_of_the_pod_then_it_is_withdrawn() {
    let mut slices = slices(&[slice("web-a", "web", 8000, &[ready(0), ready(1)])]);
    assert!(slices.apply(WatchEvent::Modified(slice("web-a", "web", 8000, &[ready(1)]))));
    assert_eq!(slices.standing(&identity()), Standing::Withdrawn);
    // A second LIST does not have it either.
    let list = vec![slice("web-a", "web", 8000, &[ready(1)])];
    let again = Slices::new(list, &[], &identity(), Some(&slices));
    assert_eq!(again.standing(&identity()), Standing::Withdrawn);
}

#[test]
fn given_a_service_that_is_deleted_then_it_is_withdrawn() {
    let web = slice("web-a", "web", 8000, &[ready(0), ready(1)]);
    let mut slices = slices(std::slice::from_ref(&web));
    assert!(slices.apply(WatchEvent::Deleted(web)));
    assert_eq!(slices.standing(&identity()), Standing::Withdrawn);
}

#[test]
fn given_no_other_ready_endpoint_then_it_is_alone_until_one_is() {
    let last = slice("web-a", "web", 8000, &[terminating(0), terminating(1)]);
    let mut slices = slices(&[last]);
    assert_eq!(slices.standing(&identity()), alone());
    // The other one is in another slice of the Service.
    assert!(slices.apply(WatchEvent::Added(slice("web-b", "web", 8000, &[ready(2)]))));
    assert_eq!(slices.standing(&identity()), Standing::Withdrawn);
}

#[test]
fn given_slices_of_both_families_then_both_have_to_let_go() {
    let both = [
        slice("web-a", "web", 8000, &[terminating(0), ready(1)]),
        slice("web-six", "web", 8000, &[ready(0), ready(1)]),
    ];
    assert_eq!(slices(&both).standing(&identity()), Standing::Offered("web-six".to_owned()));
}

#[test]
fn given_several_services_then_each_counts_and_others_do_not() {
    let list = [
        slice("web-a", "web", 8000, &[terminating(0), ready(1)]),
        slice("api-a", "api", 8000, &[terminating(0)]),
        slice("db-a", "db", 5432, &[ready(7)]),
    ];
    let slices = slices(&list);
    assert_eq!(slices.standing(&identity()), Standing::Alone("api".to_owned()));
    assert_eq!(slices.all().count(), 2, "what no Service of ours has is not kept");
}

#[test]
fn given_no_slice_with_this_pod_then_it_is_not_selected() {
    let slices = slices(&[slice("db-a", "db", 5432, &[ready(7)])]);
    assert_eq!(slices.standing(&identity()), Standing::NotSelected);
}

#[test]
fn given_a_named_service_without_this_pod_then_it_is_withdrawn() {
    let list = vec![slice("web-a", "web", 8000, &[ready(1)])];
    let slices = Slices::new(list, &["web".to_owned()], &identity(), None);
    assert_eq!(slices.standing(&identity()), Standing::Withdrawn);
}

#[test]
fn given_an_event_that_is_an_error_then_the_watch_is_over() {
    let gone = json!({"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Failure", "message": "too old resource version", "reason": "Expired", "code": 410}});
    let mut slices = slices(&[slice("web-a", "web", 8000, &[ready(0)])]);
    assert!(!slices.apply(serde_json::from_value(gone).unwrap()));
}

#[test]
fn given_a_name_that_a_new_pod_has_again_then_the_unique_id_decides() {
    let new = serde_json::from_value(json!({"addresses": ["10.0.0.9"],
        "targetRef": {"kind": "Pod", "name": "web-0", "uid": "uid-of-the-next"}}))
    .unwrap();
    assert!(!identity().is(&new));
    assert!(Identity { uid: None, ..identity() }.is(&new), "nothing but the name to go by");
}

#[test]
fn given_no_name_then_the_address_tells() {
    let nameless = Identity::of(&Whoami::default(), None, Some("10.0.0.1".parse().unwrap()));
    let is_us = |value| nameless.is(&serde_json::from_value(value).unwrap());
    assert!(is_us(ready(0)));
    assert!(!is_us(ready(1)));
    assert!(is_us(json!({"addresses": ["::ffff:10.0.0.1"]})), "in either way to write it");
}
