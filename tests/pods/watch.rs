//! What the API server told of some objects, while a scene went on: `kubectl get --watch`, read by a thread.
use super::cluster::{Namespace, wait_for};
use serde_json::{Deserializer, Value};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::SystemTime;

/// A watch that goes on until it is dropped.
#[derive(Debug)]
pub struct Watch {
    kubectl: Child,
    reader: Option<JoinHandle<()>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When it was heard of.
    pub at: SystemTime,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub how: String,
    /// The object, then.
    pub object: Value,
}

impl Watch {
    /// Watches what `kubectl get` takes; begins with the objects that are there, of which there has to be one.
    pub fn start(namespace: &Namespace, what: &[&str]) -> Self {
        let words = [&["get", "--watch", "--output-watch-events", "--output", "json"], what].concat();
        let mut kubectl = namespace.command(&words).stdout(Stdio::piped()).spawn().unwrap();
        let events = Deserializer::from_reader(kubectl.stdout.take().unwrap()).into_iter::<Value>();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        let reader = spawn(move || {
            // The last one may be cut by the end.
            for mut event in events.map_while(Result::ok) {
                let how = event["type"].as_str().unwrap_or_default().to_owned();
                let object = event["object"].take();
                heard.lock().unwrap().push(Seen { at: SystemTime::now(), how, object });
            }
        });
        let watch = Self { kubectl, reader: Some(reader), seen };
        watch.wait_for(&words.join(" "), |seen| seen.first().map(|_| ()));
        watch
    }

    /// Waits until what was seen shows a fact.
    pub fn wait_for<T>(&self, what: &str, fact: impl Fn(&[Seen]) -> Option<T>) -> T {
        wait_for(what, || fact(&self.seen.lock().unwrap()))
    }

    /// All that was seen so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
        let _ = self.reader.take().map(JoinHandle::join);
    }
}
