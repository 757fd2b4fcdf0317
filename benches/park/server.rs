//! A server of one thread whose sockets do not block. `GET /N` is answered after N milliseconds, and connections are
//! kept alive. It says its port, says when SIGTERM arrived (nanoseconds of `CLOCK_MONOTONIC`), and ends at once.
use super::clients::raise_descriptors;
use super::supervised::now_ns;
use nix::sys::signal::{SigSet, Signal};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The first argument of the server.
pub const ROLE: &str = "serve-kept-alive";
/// More than clients ask for at once.
const BACKLOG: u32 = 1024;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Whether this process is the server; then it has served.
pub fn serves() -> bool {
    if std::env::args().nth(1).as_deref() != Some(ROLE) {
        return false;
    }
    raise_descriptors();
    let stop = SigSet::from(Signal::SIGTERM);
    stop.thread_block().expect("a signal mask"); // before the thread below, which inherits it
    std::thread::spawn(move || {
        stop.wait().expect("SIGTERM");
        println!("signalled {}", now_ns());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("SO_REUSEADDR");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let listener: TcpListener = socket.listen(BACKLOG).expect("a listener");
        println!("port {}", listener.local_addr().expect("its address").port());
        loop {
            let (connection, _) = listener.accept().await.expect("a client");
            tokio::spawn(serve(connection));
        }
    });
    true
}

/// Until the client goes. One request at a time; its head comes in one segment, as small ones do.
async fn serve(mut connection: TcpStream) {
    let _ = connection.set_nodelay(true);
    let mut head = [0; 512];
    while let Ok(length @ 1..) = connection.read(&mut head).await {
        let work = work(&head[..length]).expect("GET /N");
        tokio::time::sleep(work).await;
        if connection.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

fn work(head: &[u8]) -> Option<Duration> {
    let path = std::str::from_utf8(head).ok()?.strip_prefix("GET /")?;
    Some(Duration::from_millis(path.split(' ').next()?.parse().ok()?))
}
