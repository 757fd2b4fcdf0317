//! The clients of the cluster tests, run in a pod: new connections and kept-alive ones to one address, until SIGTERM or
//! the end of their time. They begin once the address answers, and a line on stdout says so; at the end a JSON object
//! says what became of each.
use clap::Parser;
use lameduck::cli::values::duration;
use lameduck::load::{Class, KeptAlive, KeptAlivePlan, Load, Plan, Tally, ask, at_once};
use lameduck::sockets::Address;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;
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
    let (connections, requests) = (Load::start(new(args)), KeptAlive::start(kept_alive(args)));
    println!("started");
    // Either way of ending is as good.
    let _ = timeout(args.at_most, terminated.recv()).await;
    requests.stop();
    let connections = connections.finish(2 * CLIENT_TIMEOUT).await;
    let requests = requests.finish(2 * CLIENT_TIMEOUT).await;
    println!("{}", json!({ "connections": Tally::of(&connections), "requests": Tally::of(&requests) }));
    Ok(())
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
