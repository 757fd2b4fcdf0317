//! What clients say on kept-alive connections, and what they hear.
use crate::http::Connection;
use crate::odd::Odd;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// A request.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Sends a request and reads the answer: its status, whether it says close, and its body.
pub fn ask(connection: &mut Connection, path: &str) -> io::Result<(u16, bool, String)> {
    connection.send(get(path).as_bytes())?;
    hear(connection)
}

/// Reads one answer.
pub fn hear(connection: &mut Connection) -> io::Result<(u16, bool, String)> {
    let head = connection.final_head()?;
    let mut body = Vec::new();
    connection.body(head.framing, |piece| body.extend_from_slice(piece))?;
    Ok((head.status, head.close, String::from_utf8_lossy(&body).into_owned()))
}

/// Longer than a tick of the kernel's clock at any `CONFIG_HZ` (100 to 1000).
const TICK: Duration = Duration::from_millis(20);

/// So many connections, each with an answer behind it, and what comes next comes at another tick of the kernel's clock:
/// whatever the machine is busy with, nobody has to guess who spoke last.
pub fn kept_alive(address: SocketAddr, count: usize) -> Vec<Connection> {
    let open = || {
        let mut connection = Connection::open(address)?;
        assert_eq!(ask(&mut connection, "/")?.0, 200);
        Ok(connection)
    };
    let connections = (0..count).map(|_| open()).collect::<io::Result<_>>().expect("kept-alive connections");
    thread::sleep(TICK); // what the client does, not what is waited for
    connections
}

/// One connection with an answer behind it, for a client that is none of HTTP's.
pub fn raw(odd: &Odd) -> TcpStream {
    let mut client = TcpStream::connect(odd.server.address()).expect("a connection");
    client.write_all(get("/").as_bytes()).expect("a request");
    assert!(client.read(&mut [0; 1024]).expect("an answer") > 0);
    client
}

/// A connection with a request that the server works on until [`Odd::finish_work`]: until then the drain waits.
pub fn busy(odd: &Odd) -> Connection {
    let mut connection = kept_alive(odd.server.address(), 1).remove(0);
    connection.send(get("/held").as_bytes()).expect("a request");
    connection
}

/// Has the server finish its work on a [`busy`] connection, and hears the answer.
pub fn is_answered(connection: &mut Connection, odd: &Odd) {
    assert!(!odd.server.log().contains("forwarded"), "the drain has not waited for it");
    odd.finish_work();
    assert_eq!(hear(connection).expect("its answer").0, 200);
}

/// Checks that the next thing is the end: nothing more was said.
pub fn is_at_its_end(connection: &mut Connection) {
    let end = connection.exact(&mut [0]).expect_err("not one byte more");
    assert!(matches!(end.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{end}");
}

/// Checks that one answer of 503 comes, and then the end.
pub fn is_told_once(connection: &mut Connection) {
    let (status, close, _) = hear(connection).expect("an answer");
    assert_eq!((status, close), (503, true));
    is_at_its_end(connection);
}
