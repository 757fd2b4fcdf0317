//! An API server of the test's own: EndpointSlices, one pod, watches, Events that are written, and faults in the order in
//! which they are wanted.
mod connection;
mod reviews;
mod tls;

pub use tls::{another_authority, certificate};

use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// What is done to a request in place of answering it.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// This status, with a Status object, and these seconds of Retry-After.
    Status(u16, Option<u32>),
    /// 200, and this as its body.
    Body(&'static str),
    /// Never answered.
    Silence,
    /// The connection is closed.
    Close,
}

/// What it has.
#[derive(Debug, Default)]
pub struct Objects {
    /// By name.
    pub slices: BTreeMap<String, Value>,
    /// The pod that is asked for, whatever its name.
    pub pod: Option<Value>,
    /// What becomes of the next requests.
    pub faults: VecDeque<Fault>,
    /// What becomes of the next Events.
    pub faults_of_events: VecDeque<Fault>,
    /// Whether all of them are forbidden.
    pub is_forbidden: bool,
    /// What a review says that the service account may not do: verb and resource.
    pub denied: Vec<(&'static str, &'static str)>,
    /// The requests that came: path and query.
    pub asked: Vec<String>,
    /// The Events that were written.
    pub events_written: Vec<Value>,
    /// So many answers a connection has, and is closed without a word then; `None`: one, with which that is said.
    pub answers_each: Option<usize>,
    /// The connections that came.
    pub connections: usize,
    /// The watches that are open.
    pub watches: usize,
    /// The most that were open at once.
    pub most_watches: usize,
    version: u64,
    /// What happened to slices, and at which version.
    events: Vec<(u64, Value)>,
}

impl Objects {
    fn begin_connection(&mut self) -> Option<usize> {
        self.connections += 1;
        self.answers_each
    }
}

/// It, as long as the test lasts: its threads end with the process.
#[derive(Debug, Clone)]
pub struct ApiServer {
    /// Where it listens.
    pub address: SocketAddr,
    objects: Arc<Mutex<Objects>>,
}

impl ApiServer {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let objects = Arc::new(Mutex::new(Objects { version: 100, ..Objects::default() }));
        let (settings, shared) = (tls::settings(), Arc::clone(&objects));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (settings, objects) = (Arc::clone(&settings), Arc::clone(&shared));
                thread::spawn(move || connection::serve(stream, settings, &objects));
            }
        });
        Self { address, objects }
    }

    /// What it has.
    pub fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().expect("no test thread panics with it")
    }

    /// Makes or changes a slice.
    pub fn put(&self, slice: Value) {
        let mut objects = self.objects();
        objects.version += 1;
        let version = objects.version;
        let name = slice["metadata"]["name"].as_str().expect("a name").to_owned();
        let kind = if objects.slices.contains_key(&name) { "MODIFIED" } else { "ADDED" };
        let mut slice = slice;
        slice["metadata"]["resourceVersion"] = version.to_string().into();
        objects.events.push((version, serde_json::json!({"type": kind, "object": slice.clone()})));
        objects.slices.insert(name, slice);
    }

    /// Ends every watch as when the version that it goes on from was compacted.
    pub fn forget(&self) {
        let mut objects = self.objects();
        objects.version += 1;
        let status = serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "too old resource version", "reason": "Expired", "code": 410});
        let at = objects.version;
        objects.events.push((at, serde_json::json!({"type": "ERROR", "object": status})));
    }

    /// How many requests came for which this holds.
    pub fn asked(&self, what: impl Fn(&str) -> bool) -> usize {
        self.objects().asked.iter().filter(|asked| what(asked)).count()
    }

    /// The lists, and the watches, of slices that were asked for.
    pub fn lists_and_watches(&self) -> [usize; 2] {
        let slices = |asked: &str| asked.contains("/endpointslices?");
        [false, true].map(|watch| self.asked(|one| slices(one) && one.contains("watch=true") == watch))
    }
}

/// Where the files of the service account are put.
pub fn service_account(namespace: &str) -> PathBuf {
    let directory =
        tempfile::Builder::new().prefix("service-account-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let directory = directory.expect("a directory under target/").keep();
    for (file, text) in [("token", "a.service.account"), ("namespace", namespace)] {
        std::fs::write(directory.join(file), text).expect("a file under target/");
    }
    std::fs::copy(&certificate()[0], directory.join("ca.crt")).expect("a file under target/");
    directory
}
