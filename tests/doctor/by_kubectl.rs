//! `lameduck doctor deployment/web` by kubectl: one that works, those that do not, none at all, and a real one where there is one.
use crate::manifests::run;
use crate::support::kubectl::{self, kubectl};
use crate::support::trial::trial;
use crate::support::{lameduck, wait_for};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What kubectl knows of its configuration.
const KNOWS_SHOP: &str = "case \"$*\" in *' config view '*) echo shop; exit;; esac\n";

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    let real = kubectl::is_there();
    vec![
        test("kubectl_is_asked_for_what_belongs_to_a_workload", belongs),
        test("what_kubectl_is_refused_is_told_with_the_way_out", refused),
        test("a_kubectl_that_says_anything_else_is_told", says_anything),
        test("a_kubectl_that_does_not_end_is_ended", hangs),
        test("without_kubectl_the_way_to_one_is_told", missing),
        trial("without_a_cluster_the_way_to_one_is_told", &real, no_cluster),
    ]
}

/// A kubectl that does this. Written by another process: what this one has open for writing the children of other tests might hold, and
/// then it cannot be run (ETXTBSY).
fn fake(script: &str) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/");
    let file = home.path().join("kubectl");
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat >\"$0\" && chmod +x \"$0\""]).arg(&file).stdin(Stdio::piped());
    let mut writing = shell.spawn().expect("sh");
    let text = format!("#!/bin/sh\ncd '{}'\n{script}", home.path().display());
    writing.stdin.take().expect("its standard input").write_all(text.as_bytes()).expect("sh reads");
    assert!(writing.wait().expect("sh").success());
    (home, file)
}

/// Status, page and complaint of an examination by this kubectl, outside of any pod.
fn asked(kubectl: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = lameduck();
    command.arg("doctor").args(words).env("KUBECTL", kubectl).env_remove("KUBERNETES_SERVICE_HOST");
    run(&mut command, "")
}

/// What is said with status 125, and nothing else.
#[track_caller]
fn not_asked(kubectl: &Path) -> String {
    let (status, page, said) = asked(kubectl, &["deployment/web"]);
    assert_eq!((status, page.as_str()), (Some(125), ""), "{said}");
    said
}

/// Each request as it came; the objects are a Deployment, a Service of it, and what RBAC answers.
const WEB: &str = r#"
echo "$*" >>asked
case "$*" in
    *--raw*/deployments/web) echo '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"NAMESPACE"},"spec":
        {"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"serviceAccountName":"web",
        "containers":[{"name":"web","image":"web","command":["lameduck","run","--","gunicorn","a:a"]}]}}}}' ;;
    *--raw*/services) echo '{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"web","namespace":"NAMESPACE"},
        "spec":{"selector":{"app":"web"},"publishNotReadyAddresses":true,"ports":[{"port":80}]}}]}' ;;
    *--raw*/serviceaccounts/web) echo '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"web","namespace":"NAMESPACE"}}' ;;
    *--raw*/subjectaccessreviews) review=$(cat); case $review in
        *:NAMESPACE:web*) case $review in *list*) echo '{"status":{"allowed":true}}' ;; *) echo '{"status":{"allowed":false}}' ;; esac ;;
        *) echo "$review" >&2; exit 1 ;; esac ;;
    *) echo 'Warning: something is old' >&2
       echo "Error from server (Forbidden): it is forbidden: User \"me\" cannot list resource" >&2; exit 1 ;;
esac
"#;

fn belongs() {
    for (words, namespace) in [(&["deploy/web"][..], "shop"), (&["-n", "other", "deployment/web"], "other")] {
        let (home, kubectl) = fake(&format!("{KNOWS_SHOP}{}", WEB.replace("NAMESPACE", namespace)));
        let (status, page, said) = asked(&kubectl, &[words, &["--json"]].concat());
        assert_eq!(status, Some(1), "{said}");
        let page: Value = serde_json::from_str(&page).expect("JSON");
        assert_eq!(page["workloads"][0]["namespace"], namespace);
        let findings = page["workloads"][0]["findings"].as_array().expect("findings");
        let of = |subject: &str| findings.iter().find(|one| one["subject"] == subject).expect(subject);
        assert_eq!(of("publishNotReadyAddresses")["state"], "weaker", "the Service is its own");
        assert_eq!(of("list endpointslices")["seen"], "the service account may");
        assert_eq!(of("watch endpointslices")["seen"], "web: the service account may not");
        for resource in ["ingresses", "horizontalpodautoscalers"] {
            assert!(
                said.contains(&format!("note: {resource} cannot be listed (you may not, 403)")),
                "{said}"
            );
        }
        let requests = fs::read_to_string(home.path().join("asked")).expect("what was asked");
        let first = format!("get --raw /apis/apps/v1/namespaces/{namespace}/deployments/web");
        assert!(requests.lines().next().is_some_and(|line| line.ends_with(&first)), "{requests}");
        assert!(requests.lines().all(|line| line.starts_with("--request-timeout=30s ")), "{requests}");
        assert_eq!(requests.lines().count(), 9, "{requests}");
    }
}

fn refused() {
    for (words, status, what) in [
        (
            "Error from server (NotFound): deployments.apps \"web\" not found",
            2,
            "there is no deployment web in the namespace shop (404)",
        ),
        (
            "Error from server (Forbidden): it is forbidden",
            2,
            "you may not get deployments in the namespace shop (403)",
        ),
        (
            "error: You must be logged in to the server (Unauthorized)",
            125,
            "the API server does not know you (401)",
        ),
        ("Unable to connect to the server: EOF", 125, "cannot be asked: "),
    ] {
        let (_home, kubectl) = fake(&format!("{KNOWS_SHOP}echo '{words}' >&2\nexit 1\n"));
        let (code, page, said) = asked(&kubectl, &["deployment/web"]);
        assert_eq!((code, page.as_str()), (Some(status), ""), "{words}: {said}");
        assert!(said.contains(what), "{words}: {said}");
        assert!(status == 2 || said.contains("401") || said.contains(words), "{said}");
    }
}

fn says_anything() {
    for (script, what) in [
        ("echo '<html>'\n", "the API server's answer cannot be read ("),
        ("exit 3\n", "has failed without a word: exit status: 3"),
        ("exec yes\n", "has written more than 33554432 bytes"),
        ("yes >&2\nexit 1\n", "kubectl: y; y; y"),
    ] {
        let (_home, kubectl) = fake(&format!("{KNOWS_SHOP}{script}"));
        let said = not_asked(&kubectl);
        assert!(said.contains("cannot be asked: ") && said.contains(what), "{script}: {said}");
        assert!(said.len() < 1_000, "{}", said.len());
    }
}

fn hangs() {
    let (home, kubectl) = fake("echo $$ >pid\nexec sleep 3600\n");
    let said = not_asked(&kubectl);
    assert!(said.contains("has not answered within 30s"), "{said}");
    let pid = fs::read_to_string(home.path().join("pid")).expect("it was run");
    wait_for("its end", || (!Path::new("/proc").join(pid.trim()).exists()).then_some(()));
}

fn missing() {
    let said = not_asked(Path::new("/nowhere/kubectl"));
    assert!(
        said.contains(
            "no cluster is known (there is no /nowhere/kubectl), and this is no pod: install kubectl or set KUBECTL, or give the manifest \
             with --filename"
        ),
        "{said}"
    );
    let mut nowhere = lameduck();
    nowhere.args(["doctor", "deployment/web"]).env_remove("KUBECTL").env("PATH", "/nowhere");
    let (status, _, said) = run(nowhere.env_remove("KUBERNETES_SERVICE_HOST"), "");
    assert!(status == Some(125) && said.contains("(there is no kubectl), and this is no pod"), "{said}");
    let (_home, file) = fake("");
    let said = not_asked(file.parent().expect("a directory"));
    assert!(said.contains("cannot be started: Permission denied"), "{said}");
}

fn no_cluster() {
    let home = tempfile::tempdir().expect("a directory");
    let config = home.path().join("config");
    let said = || {
        let mut command = lameduck();
        command.args(["doctor", "deployment/web"]).env("KUBECONFIG", &config);
        command.env("KUBECTL", kubectl().get_program()).env_remove("KUBERNETES_SERVICE_HOST");
        let (status, page, said) = run(&mut command, "");
        assert_eq!((status, page.as_str()), (Some(125), ""), "{said}");
        said
    };
    let not_there = said();
    assert!(
        not_there.contains("no cluster is known (")
            && not_there.contains("this is no pod: set KUBECONFIG, or"),
        "{not_there}"
    );
    // Nobody there: the port was had by a listener that is closed.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         clusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\nusers: [{{name: a, user: {{token: a}}}}]\n"
    );
    fs::write(&config, text).unwrap();
    let refused = said();
    assert!(refused.contains("the API server cannot be asked: ") && refused.contains("refused"), "{refused}");
}
