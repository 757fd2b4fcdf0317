//! `inject` and `uninject` on texts.
mod bad_input;
mod random;
mod refusals;
mod styles;
mod undone;

use super::{Mode, Mount, Options, Outcome, Trouble, inject, uninject};

/// What is asked for by `--mode MODE --image registry.example/lameduck:1`.
fn options(mode: Mode) -> Options {
    Options {
        mode,
        image: "registry.example/lameduck:1".to_owned(),
        pull_policy: None,
        mount: Mount::Copy,
        workloads: Vec::new(),
        container: None,
        ports: Vec::new(),
        command: Vec::new(),
        chain: false,
        with_rbac: false,
        mesh: None,
        env: Vec::new(),
        requests: Vec::new(),
        limits: Vec::new(),
    }
}

const MODES: [Mode; 3] = [Mode::Entrypoint, Mode::Hook, Mode::Sidecar];

/// A Deployment whose pod's spec is this, in lines that begin in its own column.
fn deployment(spec: &str) -> String {
    let spec: String = spec.trim_matches('\n').lines().flat_map(|line| ["      ", line, "\n"]).collect();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n{spec}"
    )
}

const PLAIN: &str = "
containers:
- name: web
  image: web:1
  command: [gunicorn]
  ports: [{containerPort: 8000}]
";

/// What a text becomes.
fn injected(text: &str, options: &Options) -> String {
    inject(text, options).unwrap_or_else(|trouble| panic!("{trouble}\n{text}")).text
}

/// That taking it away gives the text back, and that twice is once.
fn assert_exact(text: &str, options: &Options) -> String {
    let once = injected(text, options);
    assert_ne!(once, text);
    assert_eq!(
        uninject(&once).expect("what was injected").text,
        text,
        "not the same text again, from\n{once}"
    );
    assert_eq!(injected(&once, options), once, "twice is not once");
    once
}

/// Why a text is refused.
fn refusal(text: &str, options: &Options) -> String {
    match inject(text, options) {
        Err(Trouble::Refused(sentences)) => sentences.join("\n"),
        Err(Trouble::Malformed(sentences)) => panic!("malformed: {}", sentences.join("\n")),
        Ok(Outcome { text, .. }) => panic!("not refused:\n{text}"),
    }
}
