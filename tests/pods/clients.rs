//! The clients: a pod of their own, which sends to the Service's address without a pause; or the same program outside of
//! the cluster.
use super::cluster::{Namespace, image};
use super::endpoints::{Endpoints, Gap};
use super::pods::restricted;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

/// The pod's name.
const NAME: &str = "clients";
/// The exit status of whoever ends with process 1 of its pod: by KILL (pid_namespaces(7)).
const TAKEN_ALONG: i32 = 128 + 9;

/// 60 new connections a second and ten kept-alive clients.
pub const USUAL: [&str; 3] = ["--rate=60", "--kept-alive=10", "--think=100ms"];

/// Clients at work.
#[derive(Debug)]
pub struct Clients<'a> {
    namespace: &'a Namespace,
    /// Whether they are in a pod, or the process itself.
    in_a_pod: bool,
    /// Themselves, or `kubectl logs`, which ends with the pod, and so within the load's own limits.
    output: Child,
    log: BufReader<ChildStdout>,
    endpoints: Endpoints,
}

/// What is tallied, as the report names it.
const KINDS: [&str; 2] = ["connections", "requests"];

/// What became of every new connection and every request of the kept-alive clients.
#[derive(Debug)]
pub struct Tallies(Value);

impl<'a> Clients<'a> {
    /// Starts the usual ones, and waits until they have begun.
    pub fn start(namespace: &'a Namespace, address: &str) -> Self {
        Self::in_a_pod(namespace, &[&[address], &USUAL[..]].concat()).begun()
    }

    /// Starts a pod that runs the load program with these words.
    pub fn in_a_pod(namespace: &'a Namespace, words: &[&str]) -> Self {
        let command = [&["load"], words].concat();
        namespace.apply(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME},
            "spec": {
                "automountServiceAccountToken": false,
                "restartPolicy": "Never",
                "containers": [{
                    "name": NAME,
                    "image": image(),
                    "command": command,
                    "securityContext": restricted(),
                }],
            },
        }));
        namespace.wait_for("condition=Ready", &["pod", NAME]);
        Self::heard_by(namespace.command(&["logs", "--follow", NAME]), namespace, true)
    }

    /// Starts this command, which is the load program.
    pub fn outside(namespace: &'a Namespace, load: Command) -> Self {
        Self::heard_by(load, namespace, false)
    }

    fn heard_by(mut command: Command, namespace: &'a Namespace, in_a_pod: bool) -> Self {
        let mut output = command.stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(output.stdout.take().unwrap());
        Self { namespace, in_a_pod, output, log, endpoints: Endpoints::watch(namespace) }
    }

    /// Waits until they have begun.
    pub fn begun(mut self) -> Self {
        assert_eq!(self.line(), "started\n");
        self
    }

    /// Has a file of theirs hold this text.
    pub fn write(&self, file: &str, text: &str) {
        // The image has no shell. Never half of it.
        let write = "import os, sys; open(sys.argv[1] + '.new', 'w').write(sys.argv[2]); \
                     os.replace(sys.argv[1] + '.new', sys.argv[1])";
        self.namespace.kubectl(&["exec", NAME, "--", "python3", "-c", write, file, text]);
    }

    /// Stops them, once each has its answer.
    pub fn finish(self) -> Tallies {
        if self.in_a_pod {
            // The image has no kill(1).
            let stop = "import os, signal; os.kill(1, signal.SIGTERM)";
            let stopped =
                self.namespace.command(&["exec", NAME, "--", "python3", "-c", stop]).output().unwrap();
            // Process 1 may end first, and takes it along.
            assert!(matches!(stopped.status.code(), Some(0 | TAKEN_ALONG)), "{stopped:?}");
        } else {
            let process = rustix::process::Pid::from_child(&self.output);
            rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        }
        self.ended()
    }

    /// Waits until they have ended by themselves.
    pub fn ended(mut self) -> Tallies {
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
        let _ = self.output.kill();
        let _ = self.output.wait();
    }
}

impl Tallies {
    /// Whoever could not connect while the Service had no endpoint is counted as that, and as nothing else. Whoever could not
    /// at another time, and was not told so, is unreachable: the address of a pod that is gone.
    fn new(mut tallies: Value, gaps: &[Gap]) -> Self {
        for kind in KINDS {
            let tally = &mut tallies[kind];
            let tries = tally["not_connected"].as_array().cloned().unwrap_or_default();
            let (without, tried): (Vec<_>, Vec<_>) = tries.iter().partition(|one| is_within(one, gaps));
            tally["no_endpoint"] = without.len().into();
            for one in without {
                let class = one["class"].as_str().unwrap();
                take_one(&mut tally[class]);
                if class == "lost" {
                    take_one(&mut tally["lost_by"][one["failure"].as_str().unwrap()]);
                }
            }
            let unreachable: Vec<_> = tried.into_iter().filter(|one| one["class"] == "lost").collect();
            tally["unreachable"] = unreachable.len().into();
            for _ in unreachable {
                take_one(&mut tally["lost"]);
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

    /// How many were neither answered nor told 503.
    pub fn failed(&self) -> u64 {
        ["lost", "unreachable", "refused", "no_endpoint"].iter().map(|class| self.count(class)).sum()
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
        self.assert_none_lost_at_a_pod(scene);
        assert_eq!(self.count("unreachable"), 0, "{scene}: {}", self.0);
    }

    /// The same where clients may be sent to pods that are gone.
    pub fn assert_none_lost_at_a_pod(&self, scene: &str) {
        self.show(scene);
        for class in ["lost", "other_answers", "not_tried", "unanswered_after_close"] {
            assert_eq!(self.count(class), 0, "{scene}: {class}: {}", self.0);
        }
        assert!(self.count("answered") > 0, "{scene}: {}", self.0);
    }

    /// Prints the figures, of which nothing is promised.
    pub fn show(&self, scene: &str) {
        println!("{scene}: {self}");
    }
}

impl std::fmt::Display for Tallies {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        for kind in KINDS {
            let classes = ["answered", "answered_late", "refused", "no_endpoint", "unreachable", "lost"];
            let [answered, late, refused, none, unreachable, lost] =
                classes.map(|class| self.of(kind, class));
            let by = &self.0[kind]["lost_by"];
            write!(
                formatter,
                "{kind}: {answered} answered, {late} told 503, {refused} refused, {none} no endpoint, {unreachable} unreachable, {lost} lost {by}; "
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
