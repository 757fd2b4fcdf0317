//! Answers that are under way at the stop and go on long past it: none is cut, none is stalled, none ends late.
use crate::http::{Connection, Framing};
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// Events and lines are so far apart.
const APART_MS: usize = 100;
/// The stop comes after so many.
const BEFORE_THE_STOP: usize = 5;
/// The events go on for 2.5 s past the stop, the lines for one.
const EVENTS: usize = BEFORE_THE_STOP + 25;
const LINES: usize = BEFORE_THE_STOP + 10;
const POLL_MS: usize = 2000;
const BIG: usize = 100_000_000;
/// The slow reader takes a piece, then pauses: 100 MB in 2.5 s and more.
const PIECE: usize = 1_000_000;
const PAUSE: Duration = Duration::from_millis(25);
/// An event that comes later than this after the one before was stalled: 50 times as long as it takes.
const STALLED: Duration = Duration::from_secs(5);

pub fn trials() -> Vec<Trial> {
    let all = Kind::ALL.into_iter();
    all.map(|kind| {
        let name = format!("{}_ends_every_stream_that_is_open_at_the_stop", kind.name());
        trial(&name, &kind.needs(), move || every_stream_ends(kind))
    })
    .collect()
}

fn every_stream_ends(kind: Kind) {
    for run in 1..=runs() {
        let mut server = kind.builder().under_lameduck(&[]).start();
        let (address, begun) = (server.address(), AtomicUsize::new(0));
        thread::scope(|scope| {
            let events = scope.spawn(|| paced(address, "/stream", "data: ", "\n\n", EVENTS, &begun));
            let lines = scope.spawn(|| paced(address, "/close", "line ", "\n", LINES, &begun));
            let big = scope.spawn(|| big(address, &begun));
            let poll = scope.spawn(|| poll(address));
            stop_when(&server, || begun.load(SeqCst) == 3);
            let events = events.join().expect("no panic").unwrap_or_else(|error| panic!("events: {error}"));
            let lines = lines.join().expect("no panic").unwrap_or_else(|error| panic!("lines: {error}"));
            poll.join().expect("no panic").unwrap_or_else(|error| panic!("the long poll: {error}"));
            big.join().expect("no panic").unwrap_or_else(|error| panic!("100 MB: {error}"));
            assert_eq!(lines.framing == Framing::UntilClose, kind.ends_by_the_close());
            // The end of an answer that is closed at its end is not held up until the last stream is over.
            let late = lines.ended.duration_since(lines.last);
            println!("{} run {run}: stalled {:?}, end of file after {late:?}", kind.name(), events.stalled);
            assert!(lines.ended < events.last, "the end of file came {late:?} after the last line");
            assert!(events.stalled < STALLED && lines.stalled < STALLED, "{events:?} {lines:?}");
        });
        assert_eq!(server.wait(PATIENCE).code(), Some(kind.status()));
        assert!(server.log().contains("outcome=drained"), "it went by time, not by its clients' rest");
    }
}

fn stop_when(server: &Server, fact: impl Fn() -> bool) {
    wait_for("the streams have begun", || fact().then_some(()));
    server.signal(libc::SIGTERM);
}

/// When the parts of an answer came.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// How its end was told.
    pub framing: Framing,
    pub count: usize,
    /// Of the last part.
    pub last: Instant,
    /// Of the end of the answer.
    pub ended: Instant,
    /// The longest time between two parts.
    pub stalled: Duration,
}

/// Reads `n` numbered parts, in order; [`BEFORE_THE_STOP`] of them make it one that has `begun`.
fn paced(
    address: SocketAddr,
    path: &str,
    before: &str,
    after: &str,
    n: usize,
    begun: &AtomicUsize,
) -> io::Result<Times> {
    let mut connection = Connection::open(address)?;
    // The lines are asked for as HTTP/1.0: the connection's end is that of the answer.
    let version = if path == "/close" { "1.0" } else { "1.1" };
    let request = format!("GET {path}?n={n}&ms={APART_MS} HTTP/{version}\r\nHost: localhost\r\n\r\n");
    connection.send(request.as_bytes())?;
    let times = parts(&mut connection, before, after, |count| {
        begun.fetch_add(usize::from(count == BEFORE_THE_STOP), SeqCst);
    })?;
    if times.count == n { Ok(times) } else { Err(io::Error::other(format!("{} of {n} came", times.count))) }
}

/// Reads numbered parts to the end of the answer; `note` is told of each part.
pub fn parts(
    connection: &mut Connection,
    before: &str,
    after: &str,
    mut note: impl FnMut(usize),
) -> io::Result<Times> {
    let head = connection.final_head()?;
    if head.status != 200 {
        return Err(io::Error::other(format!("status {}", head.status)));
    }
    let now = Instant::now();
    let mut times = Times { framing: head.framing, count: 0, last: now, ended: now, stalled: Duration::ZERO };
    let (mut text, mut trouble) = (String::new(), None);
    connection.body(head.framing, |piece| {
        text += &String::from_utf8_lossy(piece);
        while let Some((part, _)) = text.split_once(after) {
            let number = part.strip_prefix(before).and_then(|number| number.parse().ok());
            if number != Some(times.count) {
                trouble.get_or_insert(format!("{part:?} as number {}", times.count));
            }
            let now = Instant::now();
            times.stalled = times.stalled.max(now - times.last);
            times.last = now;
            times.count += 1;
            note(times.count);
            text.drain(..part.len() + after.len());
        }
    })?;
    times.ended = Instant::now();
    trouble.map_or(Ok(times), |trouble| Err(io::Error::other(trouble)))
}

fn poll(address: SocketAddr) -> io::Result<()> {
    let mut connection = Connection::open(address)?;
    connection.send(format!("GET /poll?ms={POLL_MS} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let head = connection.final_head()?;
    let mut body = Vec::new();
    connection.body(head.framing, |piece| body.extend_from_slice(piece))?;
    if head.status == 200 && body == b"polled" { Ok(()) } else { Err(io::Error::other(format!("{head:?}"))) }
}

/// A slow reader of `tests/servers/pattern.py`.
fn big(address: SocketAddr, begun: &AtomicUsize) -> io::Result<()> {
    let mut connection = Connection::open(address)?;
    connection.send(format!("GET /big?bytes={BIG} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let head = connection.final_head()?;
    if head.status != 200 || head.framing != Framing::Length(BIG as u64) {
        return Err(io::Error::other(format!("{head:?}")));
    }
    // As long as a piece and a block, so that a piece is one slice of it.
    let pattern: Vec<u8> =
        (0..PIECE + BLOCK).map(|k| k % BLOCK).map(|k| (k ^ (k >> 8)).to_le_bytes()[0]).collect();
    let mut piece = vec![0; PIECE];
    for offset in (0..BIG).step_by(PIECE) {
        connection.exact(&mut piece)?;
        if piece != pattern[offset % BLOCK..][..PIECE] {
            return Err(io::Error::other(format!("another content at byte {offset} or after")));
        }
        begun.fetch_add(usize::from(offset == 0), SeqCst);
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// The length of the pattern.
const BLOCK: usize = 65_521;
