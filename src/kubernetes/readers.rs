//! What must hold of whatever the API server and the kubelet give ([`crate::readers`]).
use super::access::address;
use super::api::parse;
use super::bound::bound;
use super::identity::Identity;
use super::lines::take;
use super::objects::{EndpointSliceList, Pod, WatchEvent};
use super::slices::{Slices, Standing, takes_traffic};
use super::{Trouble, own_pod};
use crate::readers::{choice, pieces};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Instant;

fn identity() -> Identity {
    Identity { name: "web-1".to_owned(), uid: Some("u-1".to_owned()), ips: vec![[10, 0, 0, 1].into()] }
}

/// A list of slices, and behind its line the lines of a watch: they come to the same however they come, and a pod that is offered is
/// not withdrawn.
///
/// # Panics
/// When it does not hold.
pub fn endpoint_slices(bytes: &[u8]) {
    let (size, bytes) = choice(bytes);
    let identity = identity();
    let (mut at_once, mut by_pieces) = (bytes.to_vec(), Vec::new());
    let lines: Vec<Vec<u8>> = std::iter::from_fn(|| take(&mut at_once)).collect();
    let mut same = Vec::new();
    for piece in pieces(size, bytes) {
        by_pieces.extend_from_slice(piece);
        same.extend(std::iter::from_fn(|| take(&mut by_pieces)));
    }
    assert_eq!((&lines, at_once), (&same, by_pieces));

    let Some(Ok(list)) = lines.first().map(|line| parse::<EndpointSliceList>(line)) else { return };
    let mut slices = Slices::new(list.items, &[], &identity, None);
    for line in &lines[1..] {
        let Ok(event) = parse::<WatchEvent>(line) else { break };
        if !slices.apply(event) {
            break;
        }
        let mut ours = slices.all().flat_map(|slice| &slice.endpoints).filter(|one| identity.is(one));
        let is_offered = ours.any(takes_traffic);
        match slices.standing(&identity) {
            Standing::NotSelected => assert!(!is_offered, "offered by a Service that does not matter"),
            Standing::Offered(_) => assert!(is_offered),
            Standing::Alone(_) => {}
            Standing::Withdrawn => assert!(!is_offered, "withdrawn and offered"),
        }
    }
}

/// A pod, as the API server has it: it is killed no earlier than now, and no later than the difference of the two dates says.
///
/// # Panics
/// When it does not hold.
pub fn own_pod(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let date = (choice & 1 == 0).then_some("Mon, 30 Nov 2026 12:00:00 GMT");
    let Ok(read) = parse::<Pod>(bytes) else { return };
    let asked = Instant::now();
    match own_pod::read(&read, &identity(), date, asked) {
        Ok(own) => {
            assert_eq!(own.killed_at.is_some(), read.metadata.deletion_timestamp.is_some());
            assert!(own.killed_at.is_none_or(|at| at >= asked), "killed before it was asked for");
            assert!(own.uid.is_none_or(|uid| uid == "u-1"), "another pod's");
        }
        Err(Trouble::OtherPod(_)) => assert!(read.metadata.uid.is_some_and(|uid| uid != "u-1")),
        Err(_) => assert!(date.is_none() && read.metadata.deletion_timestamp.is_some()),
    }
}

/// A service account's token, and the API server's address: what a token says of its pod is what it was given, and a port is one.
///
/// # Panics
/// When it does not hold.
pub fn service_account_token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = bound(&text);
    if let Some(of_claims) = bound(&format!("a.{}.b", URL_SAFE_NO_PAD.encode(bytes))) {
        let written =
            serde_json::json!({"kubernetes.io": {"pod": {"name": of_claims.name, "uid": of_claims.uid}}});
        assert_eq!(bound(&format!(".{}.", URL_SAFE_NO_PAD.encode(written.to_string()))), Some(of_claims));
    }
    let (host, port) = text.split_once(' ').unwrap_or((&text, ""));
    let variable = |name: &str| Some(if name.ends_with("HOST") { host } else { port }.to_owned());
    if let Ok((read, number)) = address(variable) {
        assert!(read == host && number > 0);
    }
}
