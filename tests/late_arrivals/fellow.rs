//! Fellow servers: real listeners, each connection served by a thread that the test writes.
use crate::scene::{Scene, address, listener};
use lameduck::late_arrivals::{Fellow, Settings};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A fellow that does this with each connection.
pub fn fellow(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listening = listener(false);
    let at = address(&listening);
    let listening = TcpListener::from(listening);
    thread::spawn(move || {
        while let Ok((connection, _)) = listening.accept() {
            let serve = serve.clone();
            thread::spawn(move || serve(connection));
        }
    });
    at
}

/// Settings that relay to these.
pub fn relaying(fellows: &[SocketAddr]) -> Settings {
    let silent_grace = Duration::from_hours(1);
    Settings { silent_grace, relay_to: Some(fellows.iter().map(as_fellow).collect()) }
}

pub fn as_fellow(address: &SocketAddr) -> Fellow {
    address.to_string().parse().unwrap()
}

impl Scene {
    /// A desk that accepts, and relays to these.
    pub fn relaying(fellows: &[SocketAddr]) -> Self {
        Self::of(relaying(fellows))
    }
}

/// The head of the request that came, empty line and all, and a reader of what follows.
pub fn head(connection: &TcpStream) -> (String, BufReader<TcpStream>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "no whole head: {head:?}");
    }
    (head, reader)
}

/// The value of a field.
pub fn field<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Answers with the request itself, head and body, as its own body, and leaves the connection open until the other side
/// closes it.
pub fn echo(mut connection: TcpStream) {
    let (head, mut reader) = head(&connection);
    let length = field(&head, "Content-Length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let length = head.len() + length;
    write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{head}")
        .unwrap();
    connection.write_all(&body).unwrap();
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "something came behind the request");
}

/// What [`echo`] answers to this.
pub fn echoed(request: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{request}", request.len())
}
