//! A kube-apiserver, `$KUBECONFIG`, is asked whether it would take what was injected, and what it was made from.
use crate::manifests::{CASES, Case, injected, text};
use crate::support::kubectl::{api_server, kubectl};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::io::Write;
use std::process::Stdio;

pub fn trials() -> Vec<Trial> {
    let needs = api_server();
    let of =
        |case: Case| trial(&format!("{}_is_taken_by_an_api_server", case.0), &needs, move || check(case));
    CASES.map(of).into()
}

/// What the API server says of these manifests. Nothing is kept; fields that it does not know are errors. What a List from a cluster
/// carries of that cluster is left out, and the namespace is one that is there.
fn asked(text: &str) -> Result<String, String> {
    let text = text.replace("namespace: shop", "namespace: default");
    let arguments = ["create", "--dry-run=server", "--validate=strict", "--output=name", "--filename=-"];
    let mut child = kubectl()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl");
    let mut stdin = child.stdin.take().expect("its standard input");
    let writer = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    let output = child.wait_with_output().expect("kubectl");
    writer.join().expect("the writer");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(said) }
}

/// A pod is made for an account only, and without a controller-manager nobody makes the default one.
fn the_default_account_is_there() {
    static MADE: std::sync::Once = std::sync::Once::new();
    MADE.call_once(|| {
        let made = kubectl()
            .args(["--namespace=default", "create", "serviceaccount", "default"])
            .output()
            .expect("kubectl");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success() || said.contains("already exists"), "{said}");
    });
}

fn check(case: Case) {
    the_default_account_is_there();
    let before = text(case.1);
    let plain = asked(&before).unwrap_or_else(|said| panic!("{}: {said}", case.1));
    let after = injected(case, &before);
    let taken = asked(&after).unwrap_or_else(|said| panic!("{said}\n{after}"));
    let names: Vec<&str> = taken.lines().filter(|name| !name.contains("lameduck-")).collect();
    assert_eq!(names, plain.lines().collect::<Vec<_>>(), "the same objects, and lameduck's own");
    let own = taken.lines().count() - names.len();
    assert_eq!(own, if case.2.contains(&"--with-rbac") { 2 } else { 0 }, "{taken}");
}
