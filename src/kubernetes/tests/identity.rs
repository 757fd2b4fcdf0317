//! Who this pod is: as it was told, as its token tells, and as the host is called.
use super::super::bound::{Bound, bound};
use super::super::identity::{Identity, Whoami};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&json!({"alg": "RS256"})), part(claims))
}

fn of_web_0() -> String {
    let pod = json!({"name": "web-0", "uid": "uid-0"});
    let private =
        json!({"namespace": "shop", "pod": pod, "serviceaccount": {"name": "web", "uid": "uid-of-web"}});
    token(&json!({"aud": ["https://kubernetes.default.svc"], "kubernetes.io": private}))
}

fn whoami(name: Option<&str>, uid: Option<&str>) -> Whoami {
    let [name, uid] = [name, uid].map(|text| text.map(str::to_owned));
    Whoami { name, uid, ..Whoami::default() }
}

#[test]
fn given_a_token_that_is_bound_to_a_pod_then_it_tells_which() {
    let bound = bound(&of_web_0()).unwrap();
    assert_eq!(bound, Bound { name: "web-0".to_owned(), uid: "uid-0".to_owned() });
}

#[test]
fn given_a_token_of_another_kind_then_it_tells_nothing() {
    let of_the_account = token(&json!({"kubernetes.io": {"namespace": "shop"}}));
    let old = token(&json!({"kubernetes.io/serviceaccount/namespace": "shop"}));
    for token in [of_the_account.as_str(), &old, "a.service.account", "opaque", "", ".."] {
        assert_eq!(bound(token), None, "{token}");
    }
}

#[test]
fn given_nothing_else_then_the_token_names_the_pod() {
    let identity = Identity::of(&whoami(None, None), bound(&of_web_0()), None);
    assert_eq!((identity.name.as_str(), identity.uid.as_deref()), ("web-0", Some("uid-0")));
}

#[test]
fn given_what_was_told_then_that_counts() {
    let of = |name, uid| {
        let identity = Identity::of(&whoami(name, uid), bound(&of_web_0()), None);
        (identity.name, identity.uid)
    };
    let pair = |name: &str, uid: Option<&str>| (name.to_owned(), uid.map(str::to_owned));
    assert_eq!(of(Some("web-0"), None), pair("web-0", Some("uid-0")));
    assert_eq!(of(Some("web-0"), Some("uid-1")), pair("web-0", Some("uid-1")));
    assert_eq!(of(Some("web-1"), None), pair("web-1", None), "the token is of another pod");
}
