//! kubectl, and a namespace of a test's own in the cluster that `$KUBECONFIG` names.
use serde_json::{Value, json};
use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// How long a fact of the cluster is waited for, as kubectl takes it: far longer than it takes on the slowest machine.
pub const PATIENCE: &str = "180s";

/// Whether these tests can run here.
///
/// # Errors
/// With the reason, and what to do.
pub fn needs() -> Result<(), String> {
    if env::var_os("KUBECONFIG").is_none_or(|file| file.is_empty()) {
        return Err("no cluster: KUBECONFIG is not set (tests/cluster/README.md says how to have one)".into());
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

fn kubectl() -> Command {
    let mut command = Command::new(env::var_os("KUBECTL").unwrap_or_else(|| OsString::from("kubectl")));
    command.stdin(Stdio::null());
    command
}

/// A namespace in which Pod Security `restricted` is enforced. Deleted when dropped, with all that is in it.
#[derive(Debug)]
pub struct Namespace(String);

impl Namespace {
    /// A new one.
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = Self(format!("lameduck-tests-{}-{number}", process::id()));
        namespace.apply(&json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace.0, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        }));
        namespace
    }

    /// kubectl, for this namespace.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = kubectl();
        command.args(words).args(["--namespace", &self.0]);
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
        let in_this = object["kind"] != "Namespace";
        let mut command = if in_this { self.command(&["apply"]) } else { kubectl() };
        if !in_this {
            command.arg("apply");
        }
        let mut kubectl =
            command.args(["--filename", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        kubectl.stdin.take().unwrap().write_all(object.to_string().as_bytes()).unwrap();
        assert!(kubectl.wait().unwrap().success(), "{object}");
    }

    /// Waits for a condition of objects, such as `condition=Ready` or `delete`.
    pub fn wait_for(&self, condition: &str, objects: &[&str]) {
        let (condition, patience) = (format!("--for={condition}"), format!("--timeout={PATIENCE}"));
        self.kubectl(&[&["wait", &condition, &patience], objects].concat());
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let words = ["delete", "namespace", &self.0, "--wait=false"];
        let _ = kubectl().args(words).stdout(Stdio::null()).status();
    }
}
