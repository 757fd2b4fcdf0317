//! Requests whose bodies are under way at the stop: each is answered whole, byte by byte, and none stalls.
use crate::http::{Connection, Head};
use crate::support::runner::runs;
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// How a body is sent.
#[derive(Debug)]
struct Shape {
    length: usize,
    /// Writes, [`PAUSE`] apart; of a chunked body each is a chunk.
    pieces: usize,
    chunked: bool,
    /// `Expect: 100-continue`: the body waits to be asked for.
    expect: bool,
}

const PAUSE: Duration = Duration::from_millis(30);

const SHAPES: [Shape; 8] = [
    Shape { length: 0, pieces: 1, chunked: false, expect: false },
    Shape { length: 0, pieces: 1, chunked: true, expect: false },
    Shape { length: 1, pieces: 1, chunked: false, expect: false },
    Shape { length: 10_000, pieces: 1, chunked: false, expect: true },
    Shape { length: 100_000, pieces: 20, chunked: true, expect: true },
    Shape { length: 1_000_000, pieces: 20, chunked: false, expect: false },
    Shape { length: 1_000_000, pieces: 20, chunked: true, expect: false },
    Shape { length: 1_000_000, pieces: 20, chunked: false, expect: true },
];

/// Clients of each shape.
const EACH: usize = 2;

pub fn trials() -> Vec<Trial> {
    let all = Kind::ALL.into_iter();
    all.map(|kind| {
        let name = format!("{}_answers_every_body_that_is_under_way_at_the_stop", kind.name());
        trial(&name, &kind.needs(), move || every_body_is_answered(kind))
    })
    .collect()
}

/// How the clients of a scene stand.
#[derive(Debug, Default)]
struct Progress {
    stopped: OnceLock<()>,
    /// Clients that had an answer.
    warm: AtomicUsize,
    /// Clients in the middle of a body.
    sending: AtomicUsize,
    /// Requests that began before the stop and were answered 200 after it.
    across: AtomicUsize,
}

fn every_body_is_answered(kind: Kind) {
    let slow = SHAPES.iter().filter(|shape| shape.pieces > 1).count() * EACH;
    for run in 1..=runs() {
        let mut server = kind.builder().under_lameduck(&[]).start();
        let (address, progress) = (server.address(), Progress::default());
        thread::scope(|scope| {
            let clients: Vec<_> = SHAPES
                .iter()
                .flat_map(|shape| (0..EACH).map(move |_| shape))
                .map(|shape| scope.spawn(|| until_turned_away(address, shape, &progress)))
                .collect();
            wait_for("every client at work, and the slow ones in the middle of a body", || {
                let ready =
                    progress.warm.load(SeqCst) == clients.len() && progress.sending.load(SeqCst) >= slow;
                // One that has failed already is no longer at work.
                (ready || clients.iter().any(thread::ScopedJoinHandle::is_finished)).then_some(())
            });
            progress.stopped.get_or_init(|| ());
            server.signal(libc::SIGTERM);
            let mut trouble = Vec::new();
            for client in clients {
                trouble.extend(client.join().expect("a client does not panic").err());
            }
            assert!(trouble.is_empty(), "{}:\n{}\n{}", kind.name(), trouble.join("\n"), server.log());
        });
        let across = progress.across.load(SeqCst);
        println!("{} run {run}: {across} requests across the stop", kind.name());
        assert!(across > 0, "nothing was under way at the stop");
        assert_eq!(server.wait(PATIENCE).code(), Some(kind.status()));
        assert!(server.log().contains("outcome=drained"), "it went by time, not by its clients' rest");
    }
}

/// One request after the other on a connection that is kept alive, until it is refused or told 503. The error is what
/// went wrong, to which request.
fn until_turned_away(address: SocketAddr, shape: &Shape, progress: &Progress) -> Result<(), String> {
    let mut connection = None;
    for number in 0_usize.. {
        // Until its head has gone out: what goes out later may be told 503.
        let before_the_stop = Cell::new(progress.stopped.get().is_none());
        let trouble = |error: io::Error| {
            let when = if before_the_stop.get() { "before" } else { "after" };
            format!("request {number} of {shape:?}, begun {when} the stop: {error}")
        };
        if connection.as_ref().map_or(Ok(true), Connection::is_closed).map_err(trouble)? {
            connection = match Connection::open(address) {
                Ok(opened) => Some(opened),
                Err(error)
                    if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset) =>
                {
                    return Ok(());
                }
                Err(error) => return Err(trouble(error)),
            };
        }
        let Some(open) = &mut connection else { continue };
        let content = content(shape.length, number);
        let (head, answer) = exchange(open, shape, &content, progress, &before_the_stop).map_err(trouble)?;
        match head.status {
            200 if answer == content => {
                progress.warm.fetch_add(usize::from(number == 0), SeqCst);
                let across = before_the_stop.get() && progress.stopped.get().is_some();
                progress.across.fetch_add(usize::from(across), SeqCst);
            }
            200 => return Err(trouble(io::Error::other("it is not what was sent"))),
            503 if !before_the_stop.get() => return Ok(()),
            status => return Err(trouble(io::Error::other(format!("status {status}")))),
        }
        if head.close {
            connection = None;
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Sends a request and reads its answer, even if the server did not want the whole of it; says whether its head went out
/// before the stop.
fn exchange(
    connection: &mut Connection,
    shape: &Shape,
    content: &[u8],
    progress: &Progress,
    before_the_stop: &Cell<bool>,
) -> io::Result<(Head, Vec<u8>)> {
    connection.send(&request_head(shape))?;
    before_the_stop.set(progress.stopped.get().is_none());
    let mut head = if shape.expect { Some(connection.head()?) } else { None };
    if head.is_none_or(|head| head.status == 100) {
        progress.sending.fetch_add(1, SeqCst);
        let sent = send_body(connection, shape, content);
        progress.sending.fetch_sub(1, SeqCst);
        // A server may answer and close before it has read everything (RFC 9112, section 9.5).
        head = Some(connection.final_head().map_err(|error| sent.err().unwrap_or(error))?);
    }
    let head = head.ok_or(ErrorKind::UnexpectedEof)?;
    let mut answer = Vec::new();
    connection.body(head.framing, |piece| answer.extend_from_slice(piece))?;
    Ok((head, answer))
}

fn request_head(shape: &Shape) -> Vec<u8> {
    let mut head = String::from("POST /echo HTTP/1.1\r\nHost: localhost\r\n");
    if shape.chunked {
        head += "Transfer-Encoding: chunked\r\n";
    } else {
        // Writing to a String does not fail.
        let _ = write!(head, "Content-Length: {}\r\n", shape.length);
    }
    if shape.expect {
        head += "Expect: 100-continue\r\n";
    }
    (head + "\r\n").into_bytes()
}

fn send_body(connection: &mut Connection, shape: &Shape, content: &[u8]) -> io::Result<()> {
    for (index, piece) in content.chunks(shape.length.div_ceil(shape.pieces).max(1)).enumerate() {
        if index > 0 {
            thread::sleep(PAUSE);
        }
        if shape.chunked {
            connection.send(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())?;
        } else {
            connection.send(piece)?;
        }
    }
    if shape.chunked { connection.send(b"0\r\n\r\n") } else { Ok(()) }
}

/// A body that is another for each request, and in which no shift goes unseen.
fn content(length: usize, number: usize) -> Vec<u8> {
    (0..length).map(|k| (k ^ (k >> 8) ^ (k >> 16) ^ number).to_le_bytes()[0]).collect()
}
