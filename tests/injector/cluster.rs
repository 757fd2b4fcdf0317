//! kubectl, and a namespace of a test's own on the API server that `$KUBECONFIG` names.
pub use crate::support::kubectl::kubectl;
use serde_json::{Deserializer, Value, json};
use std::env;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether there is an API server that takes such policies, and whose user has said that it is one for tests: the policies of a
/// release are everybody's.
///
/// # Errors
/// With the reason, and what to do.
pub fn needs() -> Result<(), String> {
    for name in ["KUBECONFIG", "LAMEDUCK_TEST_IMAGE"] {
        if env::var_os(name).is_none_or(|value| value.is_empty()) {
            return Err(format!(
                "{name} is not set: `tests/cluster/up --api-only` starts an API server and names its KUBECONFIG; any \
                 LAMEDUCK_TEST_IMAGE says that it is one for tests"
            ));
        }
    }
    let output = kubectl()
        .args(["api-resources", "--api-group=admissionregistration.k8s.io", "--output=name"])
        .output();
    let output = output.map_err(|error| format!("no kubectl: {error}; install it, or name it by KUBECTL"))?;
    let [said, wrong] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    match (output.status.success(), said.contains("mutatingadmissionpolicies.")) {
        (false, _) => Err(format!("the API server does not answer: {}", wrong.trim_end())),
        (true, false) => Err("the API server has no MutatingAdmissionPolicy in v1 or v1beta1".to_owned()),
        (true, true) => Ok(()),
    }
}

/// What kubectl prints.
///
/// # Panics
/// When it fails, with what it says.
pub fn said(words: &[&str]) -> String {
    let output = kubectl().args(words).output().expect("kubectl");
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {words:?}: {wrong}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A namespace. It is deleted in the end; without a controller-manager it stays, as its name does.
#[derive(Debug)]
pub struct Namespace(String);

impl Namespace {
    /// A new one with this label `lameduck.dev/inject`.
    pub fn new(inject: Option<&str>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = Self(format!("injector-{}-{number}", std::process::id()));
        let labels = inject.map(|mode| json!({"lameduck.dev/inject": mode}));
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.0, "labels": labels}});
        let made = namespace.fed(&["create"], &object);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // A pod is made for an account only, and without a controller-manager nobody makes the default one.
        let account = namespace.command(&["create", "serviceaccount", "default"]).output().expect("kubectl");
        let wrong = String::from_utf8_lossy(&account.stderr);
        assert!(account.status.success() || wrong.contains("already exists"), "{wrong}");
        namespace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// kubectl, for this namespace.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = kubectl();
        command.args(["--namespace", &self.0]).args(words);
        command
    }

    /// kubectl with an object on its standard input.
    pub fn fed(&self, words: &[&str], object: &Value) -> Output {
        let mut command = self.command(words);
        command.args(["--filename", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("kubectl");
        let mut stdin = running.stdin.take().expect("its standard input");
        let text = object.to_string();
        let writer = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
        let output = running.wait_with_output().expect("kubectl");
        writer.join().expect("the writer");
        output
    }

    /// These objects as the API server would have them, in their order; nothing is kept.
    ///
    /// # Panics
    /// When it refuses one.
    pub fn would_make<'a>(&self, objects: impl Iterator<Item = &'a Value>) -> Vec<Value> {
        let objects: Vec<&Value> = objects.collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let output = self.fed(&["create", "--dry-run=server", "--output=json", "--validate=strict"], &list);
        let wrong = String::from_utf8_lossy(&output.stderr);
        let refused: Vec<&str> = wrong.lines().filter(|line| !line.starts_with("Warning: ")).collect();
        assert!(output.status.success(), "{}", refused.join("\n"));
        let made: Vec<Value> =
            Deserializer::from_slice(&output.stdout).into_iter().map(|one| one.expect("JSON")).collect();
        let made: Vec<Value> = made
            .into_iter()
            .flat_map(|one| {
                if one["kind"] == "List" {
                    one["items"].as_array().expect("items").clone()
                } else {
                    vec![one]
                }
            })
            .collect();
        assert_eq!(made.len(), objects.len());
        made
    }

    /// What the API server warns of when this is made; nothing is kept.
    pub fn warnings(&self, object: &Value) -> Vec<String> {
        let output = self.fed(&["create", "--dry-run=server"], object);
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{wrong}");
        wrong.lines().filter_map(|line| Some(line.strip_prefix("Warning: ")?.to_owned())).collect()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let words = ["delete", "namespace", &self.0, "--wait=false"];
        let _ = kubectl().args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
