//! A desk at a unix socket: every protocol is told as at TCP, and a listener that takes nobody more is left at once.
use crate::http2::{asking, told};
use crate::proxy_header::{VERSION_1, VERSION_2};
use crate::scene::{BOUND, GET, PATIENT, ends, until};
use crate::tls::{ALERT, HELLO};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use lameduck::sockets::unix;
use rustix::fs::fstat;
use rustix::net::listen;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// What HAProxy says of a client that came by a unix socket itself: two names of 108 bytes (section 2.2).
const OF_UNIX: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8";
/// What nginx and HAProxy say of a client whose addresses mean nothing to a server.
const UNKNOWN: &[u8] = b"PROXY UNKNOWN\r\n";
/// The health check of a load balancer: LOCAL, of no family.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

struct Place {
    path: PathBuf,
    listener: OwnedFd,
    _directory: TempDir,
}

/// A listener that does not block.
fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    listen(&listener, i32::MAX).unwrap();
    listener.set_nonblocking(true).unwrap();
    Place { path, listener: listener.into(), _directory: directory }
}

impl Place {
    fn said(&self, bytes: &[u8]) -> UnixStream {
        let mut client = UnixStream::connect(&self.path).unwrap();
        client.set_read_timeout(Some(BOUND)).unwrap();
        client.write_all(bytes).unwrap();
        client
    }

    /// How many descriptors of this process are this listener.
    fn holders(&self) -> usize {
        let name = format!("socket:[{}]", fstat(&self.listener).unwrap().st_ino);
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
        descriptors
            .filter(|descriptor| {
                fs::read_link(descriptor.path()).is_ok_and(|link| link.as_os_str() == &name[..])
            })
            .count()
    }
}

fn hear(mut client: UnixStream) -> Vec<u8> {
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    heard
}

#[test]
fn every_protocol_is_told_as_at_tcp_behind_any_proxy_header_or_none() {
    let of_unix = [OF_UNIX, &[0; 216]].concat();
    for header in [b"", VERSION_1, VERSION_2, UNKNOWN, LOCAL, &of_unix] {
        let place = place();
        let desk = Desk::open(Settings::answering(PATIENT)).unwrap();
        desk.accept_from(&place.listener, None).unwrap();
        for (bytes, answer) in
            [(GET, RESPONSE.as_bytes()), (&asking(), &told()), (HELLO, ALERT), (b"PING\r\n", b"")]
        {
            assert_eq!(hear(place.said(&[header, bytes].concat())), answer, "{header:?} {bytes:?}");
        }
        let each = Served { answered: 1, goaway: 1, alerted: 1, closed: 1, ..Served::default() };
        ends(&desk, Kind::LateArrival, each);
    }
}

/// Such a listener is readable for ever: whoever goes on accepting from it would never sleep again.
#[test]
fn a_desk_lets_a_listener_go_that_takes_nobody_more_when_it_is_empty() {
    let place = place();
    let desk = Desk::open(Settings::answering(PATIENT)).unwrap();
    desk.accept_from(&place.listener, None).unwrap();
    assert_eq!(hear(place.said(GET)), RESPONSE.as_bytes());
    assert_eq!(place.holders(), 2, "ours and the desk's");
    unix::shut(&place.listener);
    until(|| place.holders() == 1);
}

#[test]
fn who_is_queued_at_such_a_listener_is_answered_before() {
    let place = place();
    let clients: Vec<UnixStream> = (0..50).map(|_| place.said(GET)).collect();
    unix::shut(&place.listener);
    let desk = Desk::open(Settings::answering(PATIENT)).unwrap();
    desk.accept_from(&place.listener, None).unwrap();
    for client in clients {
        assert_eq!(hear(client), RESPONSE.as_bytes());
    }
    until(|| place.holders() == 1);
}

#[test]
fn whoever_takes_the_rest_of_such_a_listener_ends_when_it_is_empty() {
    for nonblocking in [true, false] {
        let Place { path, listener, _directory } = place();
        let listener = UnixListener::from(listener);
        listener.set_nonblocking(nonblocking).unwrap();
        let mut client = UnixStream::connect(path).unwrap();
        client.write_all(GET).unwrap();
        let listener = Arc::new(OwnedFd::from(listener));
        let mut desk = Desk::open(Settings::answering(PATIENT)).unwrap();
        desk.take_the_rest(&listener).unwrap();
        assert_eq!(hear(client), RESPONSE.as_bytes());
        unix::shut(&listener);
        until(|| Arc::strong_count(&listener) == 1);
        ends(&desk, Kind::Rest, Served { answered: 1, ..Served::default() });
    }
}
