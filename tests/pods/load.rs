//! The clients of the cluster tests, run in a pod: new connections and kept-alive ones to one address, until SIGTERM or
//! the end of their time. They begin once the address answers, and a line on stdout says so; at the end a JSON object
//! says what became of each, and when those who could not connect tried to.
use clap::Parser;
use lameduck::cli::values::duration;
use lameduck::load::{Class, Failure, KeptAlive, KeptAlivePlan, Load, Outcome, Phase, Plan, Tally, Verdict};
use lameduck::load::{ask, at_once};
use lameduck::sockets::Address;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

/// How long a client waits for its whole answer.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the address may take to answer at all.
const FIRST: Duration = Duration::from_mins(2);

/// Sends requests to one address.
#[derive(Debug, Parser)]
struct Args {
    /// Where to
    target: SocketAddr,

    /// New connections a second
    #[arg(long, default_value_t = 60.0)]
    rate: f64,

    /// Clients that keep their connection
    #[arg(long, default_value_t = 10)]
    kept_alive: usize,

    /// How long each of those waits between its answer and its next request
    #[arg(long, default_value = "100ms", value_parser = duration)]
    think: Duration,

    /// When it ends by itself
    #[arg(long, default_value = "10m", value_parser = duration)]
    at_most: Duration,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send(&args))
}

async fn send(args: &Args) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    timeout(FIRST, first_answer(args)).await?;
    let begin = SystemTime::now();
    let (connections, requests) = (Load::start(new(args)), KeptAlive::start(kept_alive(args)));
    println!("started");
    // Either way of ending is as good.
    let _ = timeout(args.at_most, terminated.recv()).await;
    requests.stop();
    let connections = connections.finish(2 * CLIENT_TIMEOUT).await;
    let requests = requests.finish(2 * CLIENT_TIMEOUT).await;
    let told = |outcomes: &[Outcome]| {
        let mut told = json!(Tally::of(outcomes));
        told["not_connected"] = outcomes.iter().filter_map(|outcome| not_connected(begin, outcome)).collect();
        told
    };
    println!("{}", json!({ "connections": told(&connections), "requests": told(&requests) }));
    Ok(())
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

/// Waits until the address answers: a Service that was just made is not there yet at every node.
async fn first_answer(args: &Args) {
    let first = new(args).request(0);
    while ask(&first).await.class() != Class::Answered {
        sleep(Duration::from_millis(100)).await;
    }
}

fn new(args: &Args) -> Plan {
    Plan {
        target: Address::from(args.target),
        rate: args.rate,
        host: args.target.to_string(),
        path: "/".into(),
        slow: None,
        pause: Duration::ZERO,
        client_timeout: CLIENT_TIMEOUT,
        at_once: at_once(),
    }
}

fn kept_alive(args: &Args) -> KeptAlivePlan {
    KeptAlivePlan {
        target: Address::from(args.target),
        clients: args.kept_alive,
        think: args.think,
        host: args.target.to_string(),
        path: "/".into(),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: CLIENT_TIMEOUT,
    }
}
