//! What capture by bind costs a server that serves: latency on kept-alive connections and the rate of new ones, beside
//! the same server with `--capture none`. The two take turns, round by round, and a ratio is of one round.
//!
//! A listener that had lost its TCP_NODELAY would show here: gunicorn's kept-alive clients then wait 40 ms.
mod support;
#[path = "../tests/support/mod.rs"]
mod tests_support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use support::spread::Spread;
use support::{machine, table};
use tests_support::PATIENCE;
use tests_support::servers::Kind;

const ROUNDS: usize = 5;
/// A round's first requests warm the server up and are not counted.
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_secs(1);
const CLIENTS: usize = 4;
/// Without capture, once more without, and with it: the second says how much of a ratio is the machine's own.
const COLUMNS: [(&str, &str); 3] = [("none", "none"), ("none again", "none"), ("bind", "bind")];

/// A server, and whether its clients keep their connection.
const SCENES: [(Kind, bool); 6] = [
    (Kind::Gthread, true),
    (Kind::Uvicorn, true),
    (Kind::Node, true),
    (Kind::Gthread, false),
    (Kind::Node, false),
    (Kind::Go, false),
];

fn main() {
    if !machine::begin("A server that serves, with capture by bind and without") {
        return;
    }
    let mut rows = Vec::new();
    for (kind, kept_alive) in SCENES {
        if let Err(missing) = kind.needs() {
            println!("{} is not measured: {missing}", kind.name());
            continue;
        }
        let mut rounds: [Vec<Round>; 3] = Default::default();
        for _ in 0..ROUNDS {
            for ((_, capture), of) in COLUMNS.iter().zip(&mut rounds) {
                of.push(round(kind, kept_alive, capture));
            }
        }
        for ((name, _), of) in COLUMNS.iter().zip(&rounds) {
            let clients = if kept_alive { "kept alive" } else { "new each time" };
            rows.push(row(&format!("{}, {clients}, {name}", kind.name()), of, &rounds[0]));
        }
    }
    let columns = [
        "server, clients, capture",
        "p50, µs",
        "p99, µs",
        "requests/s",
        "p50 ratio",
        "p99 ratio",
        "rate ratio",
    ];
    table::print(&columns, &rows);
}

/// What one round's clients saw.
struct Round {
    p50: f64,
    p99: f64,
    per_second: f64,
}

/// Medians of the rounds, and of the ratios to the round beside each.
fn row(name: &str, of: &[Round], beside: &[Round]) -> Vec<String> {
    let figure = |which: fn(&Round) -> f64| format!("{:.0}", Spread::of(of.iter().map(which)).median());
    let ratio = |which: fn(&Round) -> f64| {
        let ratios = of.iter().zip(beside).map(|(round, other)| which(round) / which(other));
        format!("{:.3}", Spread::of(ratios).median())
    };
    let figures: [fn(&Round) -> f64; 3] = [|round| round.p50, |round| round.p99, |round| round.per_second];
    [vec![name.to_owned()], figures.map(figure).into(), figures.map(ratio).into()].concat()
}

#[allow(clippy::cast_precision_loss, reason = "thousands")]
fn round(kind: Kind, kept_alive: bool, capture: &str) -> Round {
    let server = kind.builder().under_lameduck(&["--capture", capture]).start();
    let address = server.address();
    let running: Vec<_> =
        (0..CLIENTS).map(|_| std::thread::spawn(move || client(address, kept_alive))).collect();
    let latencies = running.into_iter().flat_map(|client| client.join().expect("a client"));
    let spread = Spread::of(latencies.collect::<Vec<_>>().iter().copied());
    let count = spread.len() as f64;
    Round { p50: spread.median(), p99: spread.percentile(99), per_second: count / MEASURED.as_secs_f64() }
}

/// Microseconds of each request, one after another.
fn client(address: SocketAddr, kept_alive: bool) -> Vec<f64> {
    let (begin, mut latencies, mut open) = (Instant::now(), Vec::new(), None);
    while begin.elapsed() < WARM_UP + MEASURED {
        let asked = Instant::now();
        let mut connection = open.take().unwrap_or_else(|| connect(address));
        ask(&mut connection, kept_alive);
        if asked - begin >= WARM_UP {
            latencies.push(asked.elapsed().as_secs_f64() * 1e6);
        }
        open = kept_alive.then_some(connection);
    }
    latencies
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).expect("a connection");
    connection.set_nodelay(true).expect("TCP_NODELAY");
    connection.set_read_timeout(Some(PATIENCE)).expect("a limit");
    connection
}

/// One request, and the whole of its answer.
fn ask(connection: &mut TcpStream, kept_alive: bool) {
    let header = if kept_alive { "keep-alive" } else { "close" };
    let request = format!("GET /pid HTTP/1.1\r\nHost: localhost\r\nConnection: {header}\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("room for a request");
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    while !is_whole(&answer) {
        let length = connection.read(&mut buffer).expect("an answer");
        assert!(length > 0, "the server closed in the middle: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..length]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

/// Whether it has as many bytes as its Content-Length says, or its last chunk.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.map_or_else(|| body.ends_with("0\r\n\r\n"), |length: usize| body.len() >= length)
}
