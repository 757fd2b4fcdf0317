//! Manifests that `lameduck inject` has been at: gunicorn's image and its command as they were, lameduck from an image of its own,
//! and rollouts under load. Then taken out again, and nothing of it is left.
use super::clients::Clients;
use super::cluster::{Namespace, image, program_image};
use super::pods::Pods;
use super::reports::Reports;
use super::support::trial::trial;
use super::support::{finish, lameduck};
use super::workload::Workload;
use libtest_mimic::Trial;
use serde_json::{Value, json};

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let modes = [("entrypoint", "bind", "divert"), ("hook", "none", "none"), ("sidecar", "none", "none")];
    let scene = |(mode, capture, gate)| {
        let name = format!("given_a_manifest_that_was_injected_in_mode_{mode}_then_its_rollout_loses_none");
        trial(&name, needs, move || injected(mode, capture, gate))
    };
    modes.map(scene).into()
}

/// gunicorn alone, with its command in the manifest.
pub fn plain() -> Value {
    let pods = Pods::plain("sync").with(|pods| {
        let container = pods.container();
        container.as_object_mut().expect("a container").remove("env");
        let words = container["args"].as_array().expect("gunicorn's command line").clone();
        let (program, options) = words.split_first().expect("a program");
        container["command"] = json!([program]);
        container["args"] = options.into();
    });
    pods.objects()
}

fn injected(mode: &str, capture: &str, gate: &str) {
    let scene = format!("injected in mode {mode}");
    let before = serde_json::to_string_pretty(&plain()).expect("JSON");
    // These pods' containers have no token (automountServiceAccountToken): the sidecar brings its own.
    let rbac: &[&str] = if mode == "sidecar" { &["--with-rbac"] } else { &[] };
    let after = said(&[&["inject", "--mode", mode, "--image", &program_image()], rbac].concat(), &before);
    assert_eq!(said(&["uninject"], &after), before);
    for report in in_and_out(&scene, &before, &after, capture, gate) {
        assert_eq!(report["endpoints"] == "withdrawn", mode == "sidecar", "{report}");
    }
}

/// A rollout under load of pods with lameduck in them, and one that takes it out again: the reports of both.
pub fn in_and_out(scene: &str, before: &str, after: &str, capture: &str, gate: &str) -> Vec<Value> {
    let namespace = Namespace::new();
    namespace.apply_text(after);
    let workload = Workload::new(&namespace, "Deployment");
    workload.wait_until_available();
    // When: a rollout under load, and one that takes lameduck out again.
    let watched = Reports::watch(&namespace);
    let clients = Clients::start(&namespace, &workload.address());
    let mut old = workload.restart();
    old.extend(workload.unique_ids());
    namespace.apply_text(before);
    workload.wait_until_available();
    workload.wait_until_gone(&old);
    clients.finish().assert_none_lost_or_refused(scene);
    let reports = have_drained(&watched, &old, capture, gate);
    nothing_is_left(&namespace);
    reports
}

/// These pods have, each in this way: their reports.
pub fn have_drained(watched: &Reports, old: &[String], capture: &str, gate: &str) -> Vec<Value> {
    let reports = watched.of(old);
    for report in &reports {
        assert_eq!(
            (&report["outcome"], &report["capture"]),
            (&"drained".into(), &capture.into()),
            "{report}"
        );
        assert_eq!(report["gate"], gate, "{report}");
    }
    reports
}

/// The pods that are there now have nothing of lameduck's.
pub fn nothing_is_left(namespace: &Namespace) {
    let template = &namespace.get(&["deployment", "web"])["spec"]["template"];
    let spec = template["spec"].to_string().replace(&image(), "");
    assert!(!spec.contains("lameduck") && !spec.contains("LAMEDUCK"), "{spec}");
}

/// What `lameduck` with these words makes of a text.
fn said(words: &[&str], text: &str) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("the same");
    let output = finish(lameduck().args(words).arg("--filename").arg(file.path()));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
