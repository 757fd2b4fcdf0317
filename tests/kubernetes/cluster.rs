//! A kube-apiserver, `$KUBECONFIG`: its objects by kubectl, a service account, and a change that has only to be sent.
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What the service account may do: docs/kubernetes.md has the same Role.
const ROLE: [&str; 4] =
    ["role", "lameduck", "--verb=list,watch", "--resource=endpointslices.discovery.k8s.io"];

/// What a kube-apiserver can be had by; else why not.
///
/// # Errors
/// With what is missing.
pub fn needs() -> Result<(), String> {
    match std::env::var_os("KUBECONFIG") {
        None => Err(
            "KUBECONFIG is not set: `tests/cluster/up --api-only` starts an API server and names its file"
                .to_owned(),
        ),
        Some(_) => kubectl_is_there(),
    }
}

fn kubectl_is_there() -> Result<(), String> {
    let there = Command::new("kubectl")
        .args(["version", "--client"])
        .output()
        .is_ok_and(|output| output.status.success());
    there.then_some(()).ok_or_else(|| "kubectl is not on PATH".to_owned())
}

/// The output of `kubectl ARGUMENTS`, fed with an object.
pub fn kubectl(namespace: &str, arguments: &[&str], object: Option<&Value>) -> String {
    let mut command = Command::new("kubectl");
    command.args(["--namespace", namespace]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.stdin(Stdio::piped()).spawn().expect("kubectl");
    let stdin = running.stdin.take().expect("its standard input");
    if let Some(object) = object {
        serde_json::to_writer(&stdin, object).expect("kubectl reads");
    }
    drop(stdin);
    let output = running.wait_with_output().expect("kubectl");
    assert!(output.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Makes or changes an object.
pub fn apply(account: &Account, object: &Value) {
    kubectl(&account.namespace, &["apply", "-f", "-"], Some(object));
}

/// A service account that may do what `ROLE` says.
pub struct Account {
    /// Of this run. It is deleted in the end; without a controller-manager it stays, as its name does.
    pub namespace: String,
    /// Where the API server is.
    pub host: String,
    pub port: String,
    /// Its files.
    pub files: PathBuf,
}

/// Makes one in a namespace of its own.
pub fn account(name: &str) -> Account {
    let namespace = format!("{name}-{}", std::process::id());
    let kubectl = |arguments: &[&str]| kubectl(&namespace, arguments, None);
    let files = crate::api_server::service_account(&namespace);
    for what in [&["namespace", &namespace][..], &["serviceaccount", "web"], &ROLE] {
        kubectl(&[&["create"], what].concat());
    }
    let account = format!("--serviceaccount={namespace}:web");
    kubectl(&["create", "rolebinding", "lameduck", "--role=lameduck", &account]);
    let view = |path: &str| kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", path]);
    let authority = view("jsonpath={.clusters[0].cluster.certificate-authority-data}");
    let decoded = Command::new("base64").arg("-d").stdin(file_with(&authority)).output().expect("base64");
    std::fs::write(files.join("ca.crt"), decoded.stdout).expect("a file under target/");
    std::fs::write(files.join("token"), kubectl(&["create", "token", "web"])).expect("a file");
    let server = view("jsonpath={.clusters[0].cluster.server}");
    let (host, port) =
        server.strip_prefix("https://").and_then(|at| at.rsplit_once(':')).expect("an address");
    Account { host: host.to_owned(), port: port.to_owned(), files, namespace }
}

fn file_with(text: &str) -> std::fs::File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("a temporary file");
    file
}

/// A change of slices that has only to be sent: kubectl takes longer to begin than the change to be seen.
pub struct Change {
    runtime: tokio::runtime::Runtime,
    client: kube::Client,
    slices: Vec<Value>,
}

impl Change {
    /// To these, which are there already.
    pub fn prepare(slices: Vec<Value>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let config = kube::Config::from_kubeconfig(&kube::config::KubeConfigOptions::default()).await;
            let client = kube::Client::try_from(config.expect("KUBECONFIG")).expect("a client");
            client.apiserver_version().await.expect("an API server");
            client
        });
        Self { runtime, client, slices }
    }

    /// Gives when it was asked for.
    pub fn make(self) -> Timestamp {
        let asked = Timestamp::now();
        self.runtime.block_on(async {
            for slice in &self.slices {
                let text = |field: &str| slice["metadata"][field].as_str().expect("a field");
                let slices: Api<EndpointSlice> = Api::namespaced(self.client.clone(), text("namespace"));
                let changed = serde_json::json!({"endpoints": slice["endpoints"]});
                let (params, patch) = (PatchParams::default(), Patch::Merge(&changed));
                slices.patch(text("name"), &params, &patch).await.expect("a change");
            }
        });
        asked
    }
}
