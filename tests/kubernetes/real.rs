//! A kube-apiserver, `$KUBECONFIG`: an EndpointSlice is made by hand, and changed while lameduck watches. Prints how long
//! after the change was asked for it was seen.
use crate::scene::{endpoint, gunicorn, read, slice};
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use k8s_openapi::jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// So often the change is made.
const RUNS: usize = 10;
/// What the service account may do: docs/kubernetes.md has the same Role.
const ROLE: [&str; 4] =
    ["role", "lameduck", "--verb=list,watch", "--resource=endpointslices.discovery.k8s.io"];

/// The namespace of this run. It is deleted in the end; without a controller-manager it stays, as its name does.
fn namespace() -> String {
    format!("shop-{}", std::process::id())
}

/// This pod beside a ready one. The API server takes no addresses of the loopback interface.
fn slice_with(offered: bool) -> Value {
    let endpoints = [endpoint(0, "10.0.0.1", offered, !offered), endpoint(1, "10.0.0.2", true, false)];
    let mut slice = slice("web-a", 8000, &endpoints);
    slice["metadata"]["namespace"] = namespace().into();
    slice
}

pub fn trials() -> Vec<Trial> {
    let needs = match std::env::var_os("KUBECONFIG") {
        None => Err(
            "KUBECONFIG is not set: `tests/cluster/up --api-only` starts an API server and names its file"
                .to_owned(),
        ),
        Some(_) => kubectl_is_there(),
    };
    vec![trial("a_real_api_server_tells_of_the_withdrawal", &needs, withdrawn)]
}

fn kubectl_is_there() -> Result<(), String> {
    let there = Command::new("kubectl")
        .args(["version", "--client"])
        .output()
        .is_ok_and(|output| output.status.success());
    there.then_some(()).ok_or_else(|| "kubectl is not on PATH".to_owned())
}

/// The output of `kubectl ARGUMENTS`, fed with an object.
fn kubectl(arguments: &[&str], object: Option<&Value>) -> String {
    let mut command = Command::new("kubectl");
    command.args(["--namespace", &namespace()]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
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

/// The address of the API server, and the files of a service account that may do what `ROLE` says.
fn account() -> (String, PathBuf) {
    let directory = crate::api_server::service_account(&namespace());
    for what in [&["namespace", &namespace()][..], &["serviceaccount", "web"], &ROLE] {
        kubectl(&[&["create"], what].concat(), None);
    }
    let account = format!("--serviceaccount={}:web", namespace());
    kubectl(&["create", "rolebinding", "lameduck", "--role=lameduck", &account], None);
    let view = |path: &str| kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", path], None);
    let authority = view("jsonpath={.clusters[0].cluster.certificate-authority-data}");
    let decoded = Command::new("base64").arg("-d").stdin(file_with(&authority)).output().expect("base64");
    std::fs::write(directory.join("ca.crt"), decoded.stdout).expect("a file under target/");
    std::fs::write(directory.join("token"), kubectl(&["create", "token", "web"], None)).expect("a file");
    (view("jsonpath={.clusters[0].cluster.server}"), directory)
}

fn file_with(text: &str) -> std::fs::File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("a temporary file");
    file
}

fn withdrawn() {
    let (server, account) = account();
    let (host, port) =
        server.strip_prefix("https://").and_then(|at| at.rsplit_once(':')).expect("an address");
    let mut took: Vec<i128> = (0..RUNS).map(|_| seen_after(host, port, &account)).collect();
    kubectl(&["delete", "namespace", &namespace(), "--wait=false"], None);
    took.sort_unstable();
    println!("slice changed -> withdrawn seen, ms: median {}, all {took:?}", took[RUNS / 2]);
}

/// From the instant before the change is asked for to the line of the log, milliseconds.
fn seen_after(host: &str, port: &str, account: &Path) -> i128 {
    kubectl(&["apply", "-f", "-"], Some(&slice_with(true)));
    let report = account.join("report.json");
    let options = [
        "--service-account",
        account.to_str().unwrap(),
        "--report",
        report.to_str().unwrap(),
        "--log-format",
        "json",
    ];
    let mut server = gunicorn()
        .under_lameduck(&options)
        .env("KUBERNETES_SERVICE_HOST", host)
        .env("KUBERNETES_SERVICE_PORT", port)
        .env("LAMEDUCK_POD_NAME", "web-0")
        .env("LAMEDUCK_POD_UID", crate::scene::UID)
        .start();
    let change = Change::prepare();
    server.signal(libc::SIGTERM);
    wait_for("the watch", || server.log().contains("waiting until it is withdrawn").then_some(()));
    let asked = change.make();
    wait_for("the withdrawal", || server.log().contains("withdrawn: no Service").then_some(()));
    assert_eq!(server.wait(PATIENCE * 2).code(), Some(0));
    let report = read(&report);
    assert_eq!(
        (&report["endpoints"], &report["outcome"]),
        (&"withdrawn".into(), &"drained".into()),
        "{report}"
    );
    let log = server.log();
    let line = log.lines().find(|line| line.contains("withdrawn: no Service")).expect("the line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    let seen: Timestamp = line["timestamp"].as_str().expect("a timestamp").parse().expect("a timestamp");
    (seen.as_nanosecond() - asked.as_nanosecond()) / 1_000_000
}

/// A change that has only to be sent: kubectl takes longer to begin than the change to be seen.
struct Change(tokio::runtime::Runtime, kube::Client);

impl Change {
    fn prepare() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let config = kube::Config::from_kubeconfig(&kube::config::KubeConfigOptions::default()).await;
            let client = kube::Client::try_from(config.expect("KUBECONFIG")).expect("a client");
            client.apiserver_version().await.expect("an API server");
            client
        });
        Self(runtime, client)
    }

    fn make(self) -> Timestamp {
        use k8s_openapi::api::discovery::v1::EndpointSlice;
        use kube::api::{Api, Patch, PatchParams};
        let Self(runtime, client) = self;
        let slices: Api<EndpointSlice> = Api::namespaced(client, &namespace());
        let changed = serde_json::json!({"endpoints": slice_with(false)["endpoints"]});
        let (params, patch) = (PatchParams::default(), Patch::Merge(&changed));
        let asked = Timestamp::now();
        runtime.block_on(slices.patch("web-a", &params, &patch)).expect("a change");
        asked
    }
}
