//! The chart on an API server: installed by Helm, or applied as Helm renders it but for its failurePolicy.
use super::cluster::{Namespace, kubectl, said};
use super::support::helm::Helm;
use super::support::wait_for;
use serde_json::json;
use std::io::Write;
use std::process::{Output, Stdio};

/// lameduck's image, which nobody pulls.
pub const IMAGE: &str = "registry.example/lameduck:1";

/// The chart.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/lameduck-injector");

/// Its name in this run.
pub fn name() -> String {
    format!("injector-{}", std::process::id())
}

/// A release; uninstalled when dropped.
pub struct Release<'a> {
    helm: &'a Helm,
    name: String,
    namespace: Namespace,
}

impl<'a> Release<'a> {
    /// Installs it, without the canaries: their Jobs need a node.
    pub fn install(helm: &'a Helm, settings: &[&str]) -> Self {
        let release = Self { helm, name: name(), namespace: Namespace::new(None) };
        let output = release.helm(&words("install", &release.name, settings));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        wait_until_known();
        release
    }

    /// The same release with other settings.
    pub fn upgrade(&self, settings: &[&str]) -> Output {
        self.helm(&words("upgrade", &self.name, settings))
    }

    fn helm(&self, words: &[String]) -> Output {
        self.helm
            .command(&[])
            .args(words)
            .args(["--namespace", self.namespace.name()])
            .output()
            .expect("helm")
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        let output = self.helm(&["uninstall", "--no-hooks", &self.name].map(str::to_owned));
        assert!(
            output.status.success() || std::thread::panicking(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        wait_until_unknown();
    }
}

/// The chart's objects with another failurePolicy, one that tells every error; deleted when dropped.
pub struct Strict(String);

impl Strict {
    /// Applies them.
    pub fn apply(helm: &Helm, settings: &[&str]) -> Self {
        let policies = format!("{API}/MutatingAdmissionPolicy", API = served());
        let words = ["template", "--no-hooks", "strict", CHART, "--api-versions", &policies];
        let output = helm.command(&words).args(set(settings)).output().expect("helm");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let shipped = String::from_utf8(output.stdout).expect("UTF-8");
        let strict = shipped.replace("failurePolicy: Ignore", "failurePolicy: Fail");
        assert_ne!(strict, shipped);
        feed(&["apply"], &strict);
        let strict = Self(strict);
        wait_until_known();
        strict
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        feed(&["delete"], &self.0);
        wait_until_unknown();
    }
}

fn feed(words: &[&str], text: &str) {
    let mut running = kubectl()
        .args(words)
        .args(["--filename", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("kubectl");
    running.stdin.take().expect("its standard input").write_all(text.as_bytes()).expect("kubectl reads");
    assert!(running.wait().expect("kubectl").success());
}

/// The version of the policies that this API server has.
pub fn served() -> String {
    let versions = said(&["api-resources", "--api-group=admissionregistration.k8s.io", "--no-headers"]);
    let line = versions
        .lines()
        .find(|line| line.starts_with("mutatingadmissionpolicies "))
        .expect("needs() says so");
    line.split_whitespace().find(|word| word.contains('/')).expect("a version").to_owned()
}

fn words(verb: &str, name: &str, settings: &[&str]) -> Vec<String> {
    [verb, "--no-hooks", name, CHART].map(str::to_owned).into_iter().chain(set(settings)).collect()
}

fn set(settings: &[&str]) -> Vec<String> {
    let image = format!("image={IMAGE}");
    settings
        .iter()
        .copied()
        .chain([image.as_str()])
        .flat_map(|setting| ["--set".to_owned(), setting.to_owned()])
        .collect()
}

/// Whether a pod of a namespace that asks for it gets lameduck, and whether a label that means nothing is told: both policies are known.
fn known() -> (bool, bool) {
    thread_local! { static ASKING: Namespace = Namespace::new(Some("hook")); }
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked"}, "spec": {"automountServiceAccountToken": false, "terminationGracePeriodSeconds": 600,
        "containers": [{"name": "web", "image": "registry.example/web:1"}]}});
    let mut odd = pod.clone();
    odd["metadata"]["annotations"] = json!({"lameduck.dev/inject": "Hook"});
    ASKING.with(|namespace| {
        let made = namespace.would_make([&pod].into_iter());
        (made[0]["spec"]["volumes"].is_array(), !namespace.warnings(&odd).is_empty())
    })
}

fn wait_until_known() {
    wait_for("the policies are known to the API server", || (known() == (true, true)).then_some(()));
}

fn wait_until_unknown() {
    wait_for("the policies are gone", || (known() == (false, false)).then_some(()));
}
