//! The clients of the cluster tests, run in a pod: new connections and kept-alive ones to one address, or to those that a
//! file names, until SIGTERM or the end of their time. They begin once an address answers, and a line on stdout says so;
//! at the end a JSON object says what became of each, and when those who could not connect tried to.
use clap::Parser;
use lameduck::cli::values::duration;
use lameduck::load::{Class, Failure, KeptAlive, KeptAlivePlan, Load, Outcome, Phase, Plan, Tally};
use lameduck::load::{UnderWay, Verdict, ask, at_once};
use lameduck::sockets::Address;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

/// How long a client waits for its whole answer.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the address may take to answer at all.
const FIRST: Duration = Duration::from_mins(2);

/// How often the file of addresses is read.
const LOOK: Duration = Duration::from_millis(100);

/// Sends requests to one address, or to several.
#[derive(Debug, Parser)]
struct Args {
    /// Where to
    #[arg(required_unless_present = "addresses")]
    target: Option<SocketAddr>,

    /// Where to instead: the addresses in this file, one a line, as they are at the time
    #[arg(long, conflicts_with = "target", value_name = "FILE")]
    addresses: Option<PathBuf>,

    /// New connections a second, to all addresses together
    #[arg(long, default_value_t = 60.0)]
    rate: f64,

    /// Clients that keep their connection, to each address
    #[arg(long, default_value_t = 10)]
    kept_alive: usize,

    /// How long each of those waits between its answer and its next request
    #[arg(long, default_value = "100ms", value_parser = duration)]
    think: Duration,

    /// When it ends by itself
    #[arg(long, default_value = "30m", value_parser = duration)]
    at_most: Duration,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send(&args))
}

async fn send(args: &Args) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    timeout(FIRST, first_answer(args)).await?;
    let mut crowd = Crowd::new(args);
    crowd.send_to(targets(args));
    println!("started");
    // Either way of ending is as good.
    let _ = timeout(args.at_most, async {
        let mut look = interval(LOOK);
        loop {
            tokio::select! {
                _ = terminated.recv() => break,
                _ = look.tick() => crowd.send_to(targets(args)),
            }
        }
    })
    .await;
    println!("{}", crowd.finish().await);
    Ok(())
}

/// Where to, at this moment. A file that is not there yet, or half written, names nobody.
fn targets(args: &Args) -> BTreeSet<SocketAddr> {
    let Some(file) = &args.addresses else { return args.target.into_iter().collect() };
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Waits until an address answers: a Service that was just made is not there yet at every node.
async fn first_answer(args: &Args) {
    loop {
        for target in targets(args) {
            if ask(&new(args, target, 1).request(0)).await.class() == Class::Answered {
                return;
            }
        }
        sleep(LOOK).await;
    }
}

/// All clients, present and past.
struct Crowd<'a> {
    args: &'a Args,
    to: BTreeSet<SocketAddr>,
    new: Vec<Clients>,
    kept_alive: BTreeMap<SocketAddr, Clients>,
    past: JoinSet<Past>,
}

/// Some of them, and when they began.
type Clients = (SystemTime, UnderWay);

/// Those who have stopped: of which kind they were, when they began, and what became of each.
type Past = (&'static str, SystemTime, Vec<Outcome>);

const NEW: &str = "connections";
const KEPT_ALIVE: &str = "requests";

impl<'a> Crowd<'a> {
    fn new(args: &'a Args) -> Self {
        let past = JoinSet::new();
        Self { args, to: BTreeSet::new(), new: vec![], kept_alive: BTreeMap::new(), past }
    }

    /// Sends to these from now on. Whoever waits for an answer of another goes on waiting; whoever keeps a connection to
    /// one of these keeps it.
    fn send_to(&mut self, targets: BTreeSet<SocketAddr>) {
        if targets == self.to {
            return;
        }
        for clients in std::mem::take(&mut self.new) {
            self.past.spawn(ended(NEW, clients));
        }
        for gone in self.to.difference(&targets) {
            if let Some(clients) = self.kept_alive.remove(gone) {
                self.past.spawn(ended(KEPT_ALIVE, clients));
            }
        }
        let (begin, share) = (SystemTime::now(), targets.len());
        let begun = |target: &SocketAddr| (begin, Load::start(new(self.args, *target, share)));
        self.new = targets.iter().map(begun).collect();
        for come in targets.difference(&self.to) {
            self.kept_alive.insert(*come, (begin, KeptAlive::start(kept_alive(self.args, *come))));
        }
        self.to = targets;
    }

    /// Stops, and says what became of all.
    async fn finish(mut self) -> Value {
        self.send_to(BTreeSet::new());
        let past = self.past.join_all().await;
        json!({ NEW: told(&past, NEW), KEPT_ALIVE: told(&past, KEPT_ALIVE) })
    }
}

/// Has them stop, and waits for each.
async fn ended(kind: &'static str, (begin, clients): Clients) -> Past {
    (kind, begin, clients.finish(2 * CLIENT_TIMEOUT).await)
}

/// What became of those of this kind.
fn told(past: &[Past], wanted: &str) -> Value {
    let these = || past.iter().filter(|(kind, ..)| *kind == wanted);
    let mut told = json!(Tally::of(these().flat_map(|(.., outcomes)| outcomes)));
    let tried = these().flat_map(|(_, begin, outcomes)| outcomes.iter().map(|one| (*begin, one)));
    told["not_connected"] = tried.filter_map(|(begin, outcome)| not_connected(begin, outcome)).collect();
    told
}

/// When one who could not connect tried to, in milliseconds since 1970, and the name of the failure.
fn not_connected(begin: SystemTime, outcome: &Outcome) -> Option<Value> {
    let Verdict::Failed(failure @ Failure { phase: Phase::Connect, .. }) = outcome.verdict else {
        return None;
    };
    let at = (begin + outcome.started).duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Some(json!({"at_ms": u64::try_from(at).ok(), "failure": failure, "class": name(outcome.verdict.class())}))
}

/// As the tally has it.
fn name(class: Class) -> &'static str {
    if class == Class::Refused { "refused" } else { "lost" }
}

/// New connections to one of so many addresses.
fn new(args: &Args, target: SocketAddr, share: usize) -> Plan {
    Plan {
        target: Address::from(target),
        // A handful.
        #[allow(clippy::cast_precision_loss)]
        rate: args.rate / share as f64,
        host: target.to_string(),
        path: "/".into(),
        slow: None,
        pause: Duration::ZERO,
        client_timeout: CLIENT_TIMEOUT,
        at_once: at_once(),
    }
}

fn kept_alive(args: &Args, target: SocketAddr) -> KeptAlivePlan {
    KeptAlivePlan {
        target: Address::from(target),
        clients: args.kept_alive,
        think: args.think,
        host: target.to_string(),
        path: "/".into(),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: CLIENT_TIMEOUT,
    }
}
