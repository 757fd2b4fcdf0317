//! The clients: a pod of their own, which sends to the Service's address without a pause.
use super::cluster::{Namespace, image};
use super::endpoints::{Endpoints, Gap};
use super::pods::restricted;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, UNIX_EPOCH};

/// The pod's name.
const NAME: &str = "clients";

/// 60 new connections a second and ten kept-alive clients, at work.
#[derive(Debug)]
pub struct Clients<'a> {
    namespace: &'a Namespace,
    /// `kubectl logs`, which ends with the pod, and so within the load's own limits.
    follower: Child,
    log: BufReader<ChildStdout>,
    endpoints: Endpoints,
}

/// What is tallied, as the report names it.
const KINDS: [&str; 2] = ["connections", "requests"];

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
        let mut clients = Self { namespace, follower, log, endpoints: Endpoints::watch(namespace) };
        assert_eq!(clients.line(), "started\n");
        clients
    }

    /// Stops them, once each has its answer.
    pub fn finish(mut self) -> Tallies {
        // The image has no kill(1).
        let stop = "import os, signal; os.kill(1, signal.SIGTERM)";
        self.namespace.kubectl(&["exec", NAME, "--", "python3", "-c", stop]);
        let tallies: Value = serde_json::from_str(&self.line()).unwrap();
        Tallies::new(tallies, &self.endpoints.gaps())
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
    /// Whoever could not connect while the Service had no endpoint is counted as that, and as nothing else.
    fn new(mut tallies: Value, gaps: &[Gap]) -> Self {
        for kind in KINDS {
            let tally = &mut tallies[kind];
            let tries = tally["not_connected"].as_array().cloned().unwrap_or_default();
            let without: Vec<_> = tries.iter().filter(|one| is_within(one, gaps)).collect();
            tally["no_endpoint"] = without.len().into();
            for one in without {
                let class = one["class"].as_str().unwrap();
                take_one(&mut tally[class]);
                if class == "lost" {
                    take_one(&mut tally["lost_by"][one["failure"].as_str().unwrap()]);
                }
            }
        }
        Self(tallies)
    }

    /// How many of both kinds are of this class, by its name in the report.
    pub fn count(&self, class: &str) -> u64 {
        KINDS.iter().map(|kind| self.of(kind, class)).sum()
    }

    /// How many of one kind are.
    pub fn of(&self, kind: &str, class: &str) -> u64 {
        self.0[kind][class].as_u64().unwrap_or_else(|| panic!("no {class} of {kind}: {}", self.0))
    }

    /// The same, and that nobody was refused or found no endpoint.
    pub fn assert_none_lost_or_refused(&self, scene: &str) {
        self.assert_none_lost(scene);
        for class in ["refused", "no_endpoint"] {
            assert_eq!(self.count(class), 0, "{scene}: {class}: {}", self.0);
        }
    }

    /// Prints the figures, and shows that nobody was refused or without an endpoint, and that nobody was lost but on a connection that
    /// had given an answer before: the server itself ends those, at the end of its linger, and whoever speaks in that instant is
    /// lost where nothing can be parked.
    pub fn assert_none_lost_but_by_the_servers_own_end(mut self, scene: &str) {
        println!("{scene}: {self}");
        let tally = &mut self.0["requests"];
        let others = tally["lost"].as_u64().unwrap() - tally["lost_on_used"].as_u64().unwrap();
        tally["lost"] = others.into();
        self.assert_none_lost_or_refused("but for those");
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
        for kind in KINDS {
            let classes = ["answered", "answered_late", "refused", "no_endpoint", "lost"];
            let [answered, late, refused, none, lost] = classes.map(|class| self.of(kind, class));
            let by = &self.0[kind]["lost_by"];
            write!(
                formatter,
                "{kind}: {answered} answered, {late} told 503, {refused} refused, {none} no endpoint, {lost} lost {by}; "
            )?;
        }
        Ok(())
    }
}

/// Whether one who could not connect tried to in one of these times.
fn is_within(one: &Value, gaps: &[Gap]) -> bool {
    let at = UNIX_EPOCH + Duration::from_millis(one["at_ms"].as_u64().unwrap());
    gaps.iter().any(|(from, to)| (*from..=*to).contains(&at))
}

fn take_one(figure: &mut Value) {
    *figure = figure.as_u64().unwrap().checked_sub(1).unwrap().into();
}
