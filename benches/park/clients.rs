//! Open connections, and requests on them.
use lameduck::load::KeptAlivePlan;
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::time::Duration;

/// A server that does not answer by then never will.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Ten thousand connections are as many descriptors, here and in the server.
pub fn raise_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the limit of descriptors");
}

/// So many connections that are at rest: each has had one answer.
pub fn at_rest(server: SocketAddr, connections: usize) -> Vec<TcpStream> {
    (0..connections)
        .map(|_| {
            let mut client = connect(server);
            ask(&mut client, 0);
            let length = client.read(&mut [0; 512]).expect("an answer");
            assert!(length > 0, "the server has closed");
            client
        })
        .collect()
}

/// A connection whose close is a reset: nothing of it stays in `TIME_WAIT`.
pub fn connect(server: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(server).expect("a connection to the server");
    client.set_read_timeout(Some(PATIENCE)).expect("SO_RCVTIMEO");
    client.set_nodelay(true).expect("TCP_NODELAY");
    set_socket_linger(&client, Some(Duration::ZERO)).expect("SO_LINGER");
    client
}

/// Sends a request that takes the server so many milliseconds.
pub fn ask(client: &mut TcpStream, work_ms: u64) {
    let request = format!("GET /{work_ms} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.write_all(request.as_bytes()).expect("a request");
}

/// So many kept-alive clients that ask again after `think`, for what takes the server `work`.
pub fn busy(server: SocketAddr, clients: usize, think: Duration, work: Duration) -> KeptAlivePlan {
    KeptAlivePlan {
        target: server.into(),
        clients,
        think,
        host: "localhost".into(),
        path: format!("/{}", work.as_millis()),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: PATIENCE,
    }
}
