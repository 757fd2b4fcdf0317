//! A request in two halves: it is in flight at the server for as long as a test wants.
use super::PATIENCE;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Connects by TCP and sends the first half.
pub fn half_a_request(place: (&str, u16)) -> TcpStream {
    let client = TcpStream::connect(place).expect("a server");
    client.set_read_timeout(Some(PATIENCE)).expect("a time to wait");
    begun(client)
}

/// The same by a unix socket.
pub fn half_a_request_at(path: &Path) -> UnixStream {
    let client = UnixStream::connect(path).expect("a server");
    client.set_read_timeout(Some(PATIENCE)).expect("a time to wait");
    begun(client)
}

fn begun<S: Write>(mut client: S) -> S {
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n").expect("half a request");
    client
}

/// Sends the other half, and hears.
pub fn answer(mut client: impl Read + Write) -> String {
    let mut heard = String::new();
    client.write_all(b"\r\n").expect("the other half");
    client.read_to_string(&mut heard).expect("an answer");
    heard
}
