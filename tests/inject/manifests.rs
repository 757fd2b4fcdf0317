//! What becomes of manifests, in full.
use crate::run;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::path::PathBuf;

const IMAGE: &str = "registry.example/lameduck:1";

/// Name, file, and the options of one case.
pub type Case = (&'static str, &'static str, &'static [&'static str]);

pub const CASES: [Case; 12] = [
    ("django-entrypoint", "django.yaml", &["--mode=entrypoint", "--with-rbac"]),
    ("django-hook", "django.yaml", &["--mode=hook", "--port=8000"]),
    ("django-sidecar", "django.yaml", &["--mode=sidecar", "--mesh=istio", "--env=LAMEDUCK_TIMEOUT=20s"]),
    ("statefulset-entrypoint", "statefulset.yaml", &["--mode=entrypoint", "--container=queue", "--chain"]),
    ("statefulset-hook", "statefulset.yaml", &["--mode=hook", "--container=queue", "--chain", "--with-rbac"]),
    ("list-entrypoint", "list.yaml", &["--mode=entrypoint", "--mount=image"]),
    ("list-sidecar", "list.yaml", &["--mode=sidecar"]),
    ("json-entrypoint", "deployment.json", &["--mode=entrypoint"]),
    ("json-sidecar", "deployment.json", &["--mode=sidecar", "--with-rbac"]),
    ("awkward-entrypoint", "awkward.yaml", &["--mode=entrypoint"]),
    ("gunicorn-hook", "gunicorn.yaml", &["--mode=hook"]),
    ("gunicorn-sidecar", "gunicorn.yaml", &["--mode=sidecar", "--with-rbac"]),
];

pub fn trials() -> Vec<Trial> {
    let of =
        |case: Case| trial(&format!("{}_is_injected_once_and_undone", case.0), &Ok(()), move || check(case));
    CASES.map(of).into()
}

/// The text of a manifest. That of deploy/ is without lameduck's own words.
pub fn text(file: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if file != "gunicorn.yaml" {
        return std::fs::read_to_string(root.join("tests/inject/manifests").join(file)).expect("a manifest");
    }
    let text = std::fs::read_to_string(root.join("deploy/kubernetes/gunicorn.yaml")).expect("a manifest");
    let plain = text.replace("        command: [lameduck, run, --]\n", "");
    assert_ne!(plain, text);
    plain
}

/// `inject` with the options of a case.
pub fn injected(case: Case, input: &str) -> String {
    let arguments = [&["inject", "--image", IMAGE], case.2].concat();
    let (status, stdout, stderr) = run(&arguments, input);
    assert_eq!(status, Some(0), "{}: {stderr}", case.0);
    stdout
}

fn check(case: Case) {
    let before = text(case.1);
    let once = injected(case, &before);
    insta::assert_snapshot!(case.0, once);
    assert_eq!(injected(case, &once), once, "twice is once");
    let (status, undone, stderr) = run(&["uninject"], &once);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert_eq!(undone, before, "to the byte");
}
