//! A pod: a server under lameduck, the files of its service account, and its endpoint beside others.
use crate::api_server::{ApiServer, service_account};
use crate::support::PATIENCE;
use crate::support::server::{Builder, Server};
use jiff::{Timestamp, fmt::rfc2822};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The unique id of the pod.
pub const UID: &str = "uid-0";

/// An endpoint of the pod `web-N`.
pub fn endpoint(number: u8, address: &str, ready: bool, terminating: bool) -> Value {
    json!({
        "addresses": [address],
        "conditions": {"ready": ready, "serving": true, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": "shop", "name": format!("web-{number}"), "uid": format!("uid-{number}")}
    })
}

/// The slice `NAME` of the Service `web`.
pub fn slice(name: &str, port: u16, endpoints: &[Value]) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": endpoints
    })
}

/// This pod, offered or terminating, beside a ready one.
pub fn beside_another(port: u16, offered: bool) -> Value {
    slice(
        "web-a",
        port,
        &[endpoint(0, "127.0.0.1", offered, !offered), endpoint(1, "127.0.0.9", true, false)],
    )
}

/// What a server is to be started with, and where it will report.
pub struct Pod {
    builder: Builder,
    report: PathBuf,
}

impl Pod {
    /// A pod before this API server, with these options of lameduck.
    pub fn new(server: Builder, api: &ApiServer, options: &[&str]) -> Self {
        Self::with(server, api, &service_account("shop"), options)
    }

    /// The same with these files of a service account.
    pub fn with(server: Builder, api: &ApiServer, account: &Path, options: &[&str]) -> Self {
        let name = account.file_name().expect("a name").to_string_lossy();
        let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.json"));
        let files = [
            "--service-account",
            account.to_str().expect("UTF-8"),
            "--report",
            report.to_str().expect("UTF-8"),
        ];
        let builder = server
            .under_lameduck(&[&files, options].concat())
            .env("KUBERNETES_SERVICE_HOST", &api.address.ip().to_string())
            .env("KUBERNETES_SERVICE_PORT", &api.address.port().to_string())
            .env("LAMEDUCK_POD_NAME", "web-0")
            .env("LAMEDUCK_POD_UID", UID);
        Self { builder, report }
    }

    /// With one more variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.env(name, value);
        self
    }

    /// Without this one.
    pub fn without(mut self, name: &str) -> Self {
        self.builder = self.builder.without(name);
        self
    }

    /// Starts it.
    pub fn start(self) -> (Server, PathBuf) {
        (self.builder.start(), self.report)
    }

    /// Starts it, tells it to stop, does what is given meanwhile, and gives its report and its log.
    pub fn stopped(self, meanwhile: impl FnOnce(&Server)) -> (Value, String) {
        let (mut server, report) = self.start();
        server.signal(libc::SIGTERM);
        meanwhile(&server);
        let status = server.wait(PATIENCE * 2);
        assert_eq!(status.code(), Some(0));
        (read(&report), server.log())
    }
}

/// A report, once.
pub fn read(report: &Path) -> Value {
    let text = std::fs::read(report).expect("a report");
    let _ = std::fs::remove_file(report);
    serde_json::from_slice(&text).expect("JSON")
}

/// A quick server, which nobody asks for anything.
pub fn gunicorn() -> Builder {
    Server::gunicorn("sync", &["--workers", "1"])
}

/// The Date header of an instant (RFC 9110, section 5.6.7).
pub fn imf_date(instant: Timestamp) -> String {
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).expect("a date")
}

/// The instant that is so many seconds from now, as the API server writes it.
pub fn from_now(seconds: i64) -> String {
    let now = Timestamp::now().as_second() + seconds;
    Timestamp::from_second(now).expect("an instant").to_string()
}
