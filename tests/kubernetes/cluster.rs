//! A kube-apiserver, `$KUBECONFIG`, by kubectl: a namespace, the files of a service account in it, and a change that has only to be
//! sent.
use crate::api_server::service_account;
use crate::support::kubectl::kubectl;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What the service account may do: docs/kubernetes.md has the same Role. A resource, its group, and the verbs.
pub type Rule = (&'static str, &'static str, &'static [&'static str]);

/// For the withdrawal.
pub const SLICES: Rule = ("endpointslices", "discovery.k8s.io", &["list", "watch"]);
/// For `--own-pod read`.
pub const PODS: Rule = ("pods", "", &["get"]);
/// For `--events on`.
pub const EVENTS: Rule = ("events", "", &["create"]);

/// The namespace of a scene. It is deleted in the end; without a controller-manager it stays, as its name does.
pub struct Namespace(String);

impl Namespace {
    /// A new one, with a service account `web` that may do this.
    pub fn new(scene: &str, rules: &[Rule]) -> Self {
        let namespace = Self(format!("{scene}-{}", std::process::id()));
        for what in [["namespace", namespace.name()], ["serviceaccount", "web"]] {
            namespace.kubectl(&[&["create"], &what[..]].concat(), None);
        }
        let rule = |(resource, group, verbs): &Rule| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
        let rules: Vec<Value> = rules.iter().map(rule).collect();
        namespace.create(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "lameduck"}, "rules": rules}));
        let account = format!("--serviceaccount={}:web", namespace.name());
        namespace.kubectl(&["create", "rolebinding", "lameduck", "--role=lameduck", &account], None);
        namespace
    }

    pub fn name(&self) -> &str {
        &self.0
    }

    /// The output of `kubectl ARGUMENTS`, fed with an object.
    pub fn kubectl(&self, arguments: &[&str], object: Option<&Value>) -> String {
        let mut command = kubectl();
        command
            .args(["--namespace", self.name()])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = command.stdin(Stdio::piped()).spawn().expect("kubectl");
        let stdin = running.stdin.take().expect("its standard input");
        if let Some(object) = object {
            serde_json::to_writer(&stdin, object).expect("kubectl reads");
        }
        drop(stdin);
        let output = running.wait_with_output().expect("kubectl");
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?}: {wrong}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Creates an object.
    pub fn create(&self, object: &Value) {
        self.kubectl(&["create", "--filename", "-"], Some(object));
    }

    /// Creates or changes an object.
    pub fn apply(&self, object: &Value) {
        self.kubectl(&["apply", "--filename", "-"], Some(object));
    }

    /// How the service account gets to the API server, with a token that is made so.
    pub fn account(&self, token: &[&str]) -> Account {
        let files = service_account(self.name());
        let view = |path: &str| {
            self.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", path], None)
        };
        let authority = view("jsonpath={.clusters[0].cluster.certificate-authority-data}");
        let decoded = Command::new("base64").arg("-d").stdin(file_with(&authority)).output().expect("base64");
        std::fs::write(files.join("ca.crt"), decoded.stdout).expect("a file under target/");
        let token = self.kubectl(&[&["create", "token", "web"], token].concat(), None);
        std::fs::write(files.join("token"), token).expect("a file");
        let server = view("jsonpath={.clusters[0].cluster.server}");
        let at = server.strip_prefix("https://").and_then(|at| at.rsplit_once(':'));
        let (host, port) = at.expect("an address");
        Account { host: host.to_owned(), port: port.to_owned(), files }
    }
}

/// How a service account gets to the API server.
pub struct Account {
    /// Where that is.
    pub host: String,
    pub port: String,
    /// The directory of its files.
    pub files: PathBuf,
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let words = ["delete", "namespace", &self.0, "--wait=false"];
        let _ = kubectl().args(words).stdout(Stdio::null()).status();
    }
}

fn file_with(text: &str) -> File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("a temporary file");
    file
}

/// A change of slices that has only to be sent: kubectl takes longer to begin than the change to be seen. Its proxy is there already.
pub struct Change {
    proxy: Child,
    at: SocketAddr,
    slices: Vec<Value>,
}

impl Change {
    /// To these, which are there already.
    pub fn prepare(slices: Vec<Value>) -> Self {
        let mut proxy = kubectl();
        let mut proxy =
            proxy.args(["proxy", "--port=0"]).stdout(Stdio::piped()).spawn().expect("kubectl proxy");
        let mut line = String::new();
        BufReader::new(proxy.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let at = line.trim().strip_prefix("Starting to serve on ").and_then(|at| at.parse().ok());
        let change = Self { proxy, at: at.unwrap_or_else(|| panic!("{line}")), slices };
        // It has its connection to the API server from now on.
        change.asked("GET", "/version", "");
        change
    }

    /// Gives when it was asked for.
    pub fn make(self) -> Timestamp {
        let asked = Timestamp::now();
        for slice in &self.slices {
            let text = |field: &str| slice["metadata"][field].as_str().expect("a field");
            let (namespace, name) = (text("namespace"), text("name"));
            let target = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{name}");
            let body = json!({"endpoints": slice["endpoints"]}).to_string();
            let head =
                format!("content-type: application/merge-patch+json\r\ncontent-length: {}\r\n", body.len());
            self.asked("PATCH", &target, &format!("{head}\r\n{body}"));
        }
        asked
    }

    /// `more` is the rest of the head, and the body.
    fn asked(&self, method: &str, target: &str, more: &str) {
        let more = if more.is_empty() { "\r\n" } else { more };
        let request = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}");
        let mut stream = TcpStream::connect(self.at).expect("the proxy");
        stream.write_all(request.as_bytes()).expect("the proxy");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{method} {target}: {answer}");
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}
