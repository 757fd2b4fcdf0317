//! A WebSocket conversation that is open at the stop goes on to its own end.
use crate::http::Connection;
use crate::support::runner::runs;
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// So many messages, 100 ms apart: the stop comes after five, the conversation goes on for 2.5 s.
const MESSAGES: usize = 30;
const BEFORE_THE_STOP: usize = 5;
const APART: Duration = Duration::from_millis(100);

/// Opcodes, and the bit of a frame that is a whole message (RFC 6455, section 5.2).
const FIN: u8 = 0x80;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
/// Set in the length: the payload is masked, as a client's has to be; with zeros it reads as it is.
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0; 4];

pub fn trials() -> Vec<Trial> {
    let with = Kind::ALL.into_iter().filter(|kind| kind.has_websocket());
    with.map(|kind| {
        let name = format!("{}_goes_on_with_a_websocket_that_is_open_at_the_stop", kind.name());
        trial(&name, &kind.needs(), move || goes_on(kind))
    })
    .collect()
}

fn goes_on(kind: Kind) {
    for _ in 0..runs() {
        let mut server = kind.builder().under_lameduck(&[]).start();
        let (address, said) = (server.address(), AtomicUsize::new(0));
        thread::scope(|scope| {
            let client = scope.spawn(|| converse(address, &said));
            wait_for("the conversation", || (said.load(SeqCst) >= BEFORE_THE_STOP).then_some(()));
            server.signal(libc::SIGTERM);
            let outcome = client.join().expect("no panic");
            outcome.unwrap_or_else(|error| panic!("after {} messages: {error}", said.load(SeqCst)));
        });
        assert_eq!(server.wait(PATIENCE).code(), Some(kind.status()));
        assert!(server.log().contains("outcome=drained"), "it went by time, not by its clients' rest");
    }
}

/// Says something, hears it back, so many times; then says goodbye and hears that too.
fn converse(address: SocketAddr, said: &AtomicUsize) -> io::Result<()> {
    let mut connection = Connection::open(address)?;
    // The key is that of RFC 6455, section 1.3.
    connection.send(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )?;
    let head = connection.head()?;
    if head.status != 101 {
        return Err(io::Error::other(format!("status {}", head.status)));
    }
    for number in 0..MESSAGES {
        let message = format!("message {number}").into_bytes();
        send(&mut connection, TEXT, &message)?;
        let (opcode, heard) = hear(&mut connection)?;
        if (opcode, &heard) != (TEXT, &message) {
            return Err(io::Error::other(format!("heard opcode {opcode}, {heard:?}")));
        }
        said.fetch_add(1, SeqCst);
        thread::sleep(APART);
    }
    // 1000: a normal closure (section 7.4.1).
    send(&mut connection, CLOSE, &1000_u16.to_be_bytes())?;
    let (opcode, _) = hear(&mut connection)?;
    if opcode == CLOSE { Ok(()) } else { Err(io::Error::other(format!("opcode {opcode} for a goodbye"))) }
}

fn send(connection: &mut Connection, opcode: u8, payload: &[u8]) -> io::Result<()> {
    // At most 125 bytes: longer ones have a longer head.
    let length = u8::try_from(payload.len()).map_err(io::Error::other)?;
    connection.send(&[&[FIN | opcode, MASKED | length], &MASK[..], payload].concat())
}

/// The next message, pings left aside.
fn hear(connection: &mut Connection) -> io::Result<(u8, Vec<u8>)> {
    loop {
        let mut head = [0; 2];
        connection.exact(&mut head)?;
        let mut payload = vec![0; usize::from(head[1])];
        connection.exact(&mut payload)?;
        let opcode = head[0] & !FIN;
        if opcode != PING {
            return Ok((opcode, payload));
        }
    }
}
