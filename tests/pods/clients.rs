//! The clients: a pod of their own, which sends to the Service's address without a pause.
use super::cluster::{Namespace, image};
use super::pods::restricted;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

/// The pod's name.
const NAME: &str = "clients";

/// 60 new connections a second and ten kept-alive clients, at work.
#[derive(Debug)]
pub struct Clients<'a> {
    namespace: &'a Namespace,
    /// `kubectl logs`, which ends with the pod, and so within the load's own limits.
    follower: Child,
    log: BufReader<ChildStdout>,
}

/// What became of every new connection and every request of the kept-alive clients.
#[derive(Debug)]
pub struct Tallies(Value);

impl<'a> Clients<'a> {
    /// Starts them, and waits until they have begun.
    pub fn start(namespace: &'a Namespace, address: &str) -> Self {
        namespace.apply(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME},
            "spec": {
                "automountServiceAccountToken": false,
                "restartPolicy": "Never",
                "containers": [{
                    "name": NAME,
                    "image": image(),
                    "command": ["load", address, "--rate=60", "--kept-alive=10", "--think=100ms", "--at-most=30m"],
                    "securityContext": restricted(),
                }],
            },
        }));
        namespace.wait_for("condition=Ready", &["pod", NAME]);
        let mut follower =
            namespace.command(&["logs", "--follow", NAME]).stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(follower.stdout.take().unwrap());
        let mut clients = Self { namespace, follower, log };
        assert_eq!(clients.line(), "started\n");
        clients
    }

    /// Stops them, once each has its answer.
    pub fn finish(mut self) -> Tallies {
        // The image has no kill(1).
        let stop = "import os, signal; os.kill(1, signal.SIGTERM)";
        self.namespace.kubectl(&["exec", NAME, "--", "python3", "-c", stop]);
        Tallies(serde_json::from_str(&self.line()).unwrap())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Clients<'_> {
    fn drop(&mut self) {
        let _ = self.follower.kill();
        let _ = self.follower.wait();
    }
}

impl Tallies {
    /// How many of both kinds are of this class, by its name in the report.
    pub fn count(&self, class: &str) -> u64 {
        ["connections", "requests"].iter().map(|kind| self.of(kind, class)).sum()
    }

    /// How many of one kind are.
    pub fn of(&self, kind: &str, class: &str) -> u64 {
        self.0[kind][class].as_u64().unwrap_or_else(|| panic!("no {class} of {kind}: {}", self.0))
    }

    /// Prints the figures, and shows that nobody was lost, all were tried and most were answered.
    pub fn assert_none_lost(&self, scene: &str) {
        println!("{scene}: {self}");
        for class in ["lost", "other_answers", "not_tried", "unanswered_after_close"] {
            assert_eq!(self.count(class), 0, "{scene}: {class}: {}", self.0);
        }
        assert!(self.count("answered") > 0, "{scene}: {}", self.0);
    }
}

impl std::fmt::Display for Tallies {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        for kind in ["connections", "requests"] {
            let [answered, late, refused, lost] =
                ["answered", "answered_late", "refused", "lost"].map(|class| self.of(kind, class));
            let by = &self.0[kind]["lost_by"];
            write!(
                formatter,
                "{kind}: {answered} answered, {late} told 503, {refused} refused, {lost} lost {by}; "
            )?;
        }
        Ok(())
    }
}
