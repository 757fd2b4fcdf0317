//! kubectl, and a namespace of a test's own in the cluster that `$KUBECONFIG` names.
pub use crate::support::kubectl::kubectl;
use serde_json::{Deserializer, Value, json};
use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a fact of the cluster is waited for: far longer than it takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// The variable that names the image which the pods run. It is also the user's word that this cluster is one for tests:
/// KUBECONFIG alone may be set to any.
const IMAGE: &str = "LAMEDUCK_TEST_IMAGE";

/// The image: gunicorn, tests/servers/app.py, lameduck and the load program.
///
/// # Panics
/// Where [`needs`] says so.
pub fn image() -> String {
    env::var(IMAGE).unwrap()
}

/// The image of lameduck alone, which comes with that one: of the same name with `-program` before its tag.
///
/// # Panics
/// As [`image`].
pub fn program_image() -> String {
    let image = image();
    let (repository, tag) = image.rsplit_once(':').expect("an image with a tag");
    format!("{repository}-program:{tag}")
}

/// Whether these tests can run here.
///
/// # Errors
/// With the reason, and what to do.
pub fn needs() -> Result<(), String> {
    for name in ["KUBECONFIG", IMAGE] {
        if env::var(name).is_ok_and(|value| !value.is_empty()) {
            continue;
        }
        return Err(format!("no cluster for tests: {name} is not set (tests/cluster/README.md)"));
    }
    let output = kubectl().args(["get", "--raw", "/readyz"]).output();
    match output {
        Err(error) => Err(format!("no kubectl: {error}; install it, or name it by KUBECTL")),
        Ok(output) if !output.status.success() => Err(format!(
            "the cluster does not answer: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        )),
        Ok(_) => Ok(()),
    }
}

/// The objects of a manifest that users are given, as kubectl reads it; of no namespace yet.
///
/// # Panics
/// When it is none.
pub fn read(manifest: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kubernetes").join(manifest);
    let output = kubectl()
        .args(["create", "--dry-run=client", "--output=json", "--filename"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    let mut objects: Vec<Value> =
        Deserializer::from_slice(&output.stdout).into_iter().map(Result::unwrap).collect();
    for object in &mut objects {
        object["metadata"].as_object_mut().unwrap().remove("namespace");
    }
    objects
}

/// Waits until `fact` is there, for [`PATIENCE`], with a pause between two looks: each is a kubectl.
///
/// # Panics
/// When it is not there by then.
pub fn wait_for<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(fact) = fact() {
            return fact;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(100));
    }
}

/// A namespace in which Pod Security is enforced. Deleted when dropped, with all that is in it.
#[derive(Debug)]
pub struct Namespace(String);

impl Namespace {
    /// A new one, in which `restricted` is enforced.
    pub fn new() -> Self {
        Self::enforcing("restricted")
    }

    /// A new one, in which this Pod Security Standard is.
    pub fn enforcing(standard: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = Self(format!("lameduck-tests-{}-{number}", process::id()));
        namespace.apply(&json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace.0, "labels": {"pod-security.kubernetes.io/enforce": standard}},
        }));
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

    /// What kubectl prints.
    ///
    /// # Panics
    /// When it fails, with what it says.
    pub fn kubectl(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let [said, wrong] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "kubectl {}: {said}{wrong}", words.join(" "));
        said
    }

    /// The same, of a word for which it has JSON.
    pub fn get(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.kubectl(&[&["get", "--output", "json"], words].concat())).unwrap()
    }

    /// Creates or changes an object.
    pub fn apply(&self, object: &Value) {
        let in_none = object["kind"] == "Namespace";
        let mut command = if in_none { kubectl() } else { self.command(&[]) };
        feed(command.args(["apply", "--filename", "-"]), &object.to_string());
    }

    /// The same, of a manifest's text.
    pub fn apply_text(&self, manifest: &str) {
        feed(&mut self.command(&["apply", "--filename", "-"]), manifest);
    }

    /// An object as the API server would have it; nothing is kept.
    ///
    /// # Panics
    /// When it refuses it, with what it says.
    pub fn would_make(&self, object: &Value) -> Value {
        let mut command =
            self.command(&["create", "--dry-run=server", "--output", "json", "--filename", "-"]);
        let mut kubectl = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        kubectl.stdin.take().unwrap().write_all(object.to_string().as_bytes()).unwrap();
        let output = kubectl.wait_with_output().unwrap();
        assert!(output.status.success(), "{object}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits for a condition of objects, such as `condition=Ready` or `delete`.
    pub fn wait_for(&self, condition: &str, objects: &[&str]) {
        let (condition, patience) =
            (format!("--for={condition}"), format!("--timeout={}s", PATIENCE.as_secs()));
        self.kubectl(&[&["wait", &condition, &patience], objects].concat());
    }
}

fn feed(kubectl: &mut Command, manifest: &str) {
    let mut kubectl = kubectl.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    kubectl.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    assert!(kubectl.wait().unwrap().success(), "{manifest}");
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let words = ["delete", "namespace", &self.0, "--wait=false"];
        let _ = kubectl().args(words).stdout(Stdio::null()).status();
    }
}
