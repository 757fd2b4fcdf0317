//! Clients who wait when the stop signal comes, and nobody after them: where there is no gate they are still answered, each
//! by the server.
use crate::support::PATIENCE;
use crate::support::server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;

/// They take the two workers more than half a second, which is longer than the lame duck.
const CLIENTS: usize = 60;

/// Tells the server to stop with all of them waiting; each is answered by it.
pub fn are_answered(server: &mut Server, stop: impl FnOnce(&Server)) {
    let clients: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut client = TcpStream::connect(server.address()).unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client
        })
        .collect();
    stop(server);
    for (number, mut client) in clients.into_iter().enumerate() {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap_or_else(|error| panic!("client {number}: {error}"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "client {number}: {answer:?}");
    }
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}
