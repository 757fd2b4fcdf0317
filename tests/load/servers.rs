//! Small real listeners.
use rustix::net::sockopt::set_socket_linger;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

pub const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// Generous: only a hang reaches it.
pub const BOUND: Duration = Duration::from_secs(30);

/// A server that does `with` each connection, one after the other.
pub fn server(with: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(with));
    address
}

/// A server that reads the request, writes `answer` and ends the connection by `end`.
pub fn answering(answer: &'static [u8], end: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    server(move |mut stream| {
        read_request(&mut stream);
        stream.write_all(answer).unwrap();
        end(stream);
    })
}

pub fn read_request(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
}

#[allow(clippy::needless_pass_by_value)] // taking it is what ends the connection
pub fn reset(stream: TcpStream) {
    // What was written before is not overtaken: the client's kernel hands out its receive queue first.
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Reads the head of the next request, if there is one: its text.
pub fn next_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// A server that does `with` each connection, each on a thread of its own, and its number.
pub fn server_for_many(with: impl Fn(TcpStream, usize) + Send + Clone + 'static) -> SocketAddr {
    let number = std::sync::atomic::AtomicUsize::new(0);
    server(move |stream| {
        let (with, number) = (with.clone(), number.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        thread::spawn(move || with(stream, number));
    })
}
