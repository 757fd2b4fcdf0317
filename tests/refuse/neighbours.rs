//! Another process that listens at a narrower address of the server's port, when the gate has closed: a rule for the
//! wildcard would refuse its clients, and it is not ours to stop.
use crate::drains::{HOLDING, THREADS};
use crate::support::ports::free_port;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use crate::tables::tables;
use libtest_mimic::Trial;
use rustix::net::sockopt::set_socket_reuseport;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// In front of what a gate that refuses says of it.
const WHY: &str = "its clients would be refused, too";

pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("a_neighbour_that_comes_behind_the_gate_is_reached_and_the_gate_is_open", needs, || {
            comes(server(&HOLDING), "HTTP/1.1 200 ");
        }),
        trial("where_it_may_be_the_gate_goes_on_by_divert", needs, || {
            let options = ["--lame-duck", "0", "--settle-timeout", "300ms", "--timeout", "60s"];
            comes(server(&options).env("KUBERNETES_SERVICE_HOST", "10.0.0.1"), "HTTP/1.1 503 ");
        }),
    ]
}

/// At every address, so that others may share the port.
fn server(options: &[&str]) -> Builder {
    let port = free_port();
    let bind = format!("0.0.0.0:{port}");
    let fixed = ["--no-control-socket", "--worker-class", "gthread", "--reuse-port"];
    let place = ["--chdir", python::SERVERS, "--bind", &bind];
    let args = fixed.iter().chain(&place).chain(&THREADS).chain(&["app:application"]);
    Builder::new(port, python::program("gunicorn"), args).under_lameduck(options)
}

fn comes(server: Builder, then: &str) {
    let mut server: Server = server.start();
    let mut holder = TcpStream::connect(server.address()).unwrap();
    holder.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate=refuse").then_some(()));
    assert_eq!(TcpStream::connect(server.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);

    // When: somebody else listens at one address of that port. Then: whoever comes there is theirs ...
    let neighbour = listener(server.address());
    let client = wait_for("the neighbour", || TcpStream::connect(server.address()).ok());
    assert_eq!(neighbour.accept().unwrap().1, client.local_addr().unwrap());
    // ... and the others come to the server, or to lameduck.
    wait_for("the reason in the log", || server.log().contains(WHY).then_some(()));
    let other = SocketAddr::from(([127, 0, 0, 2], server.address().port()));
    wait_for("an answer at another address", || {
        let mut client = TcpStream::connect(other).ok()?;
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer.starts_with(then).then_some(())
    });
    assert_eq!(tables(), Vec::<String>::new());
    holder.write_all(b"Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    holder.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

fn listener(at: SocketAddr) -> TcpListener {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    set_socket_reuseport(&socket, true).unwrap();
    bind(&socket, &at).unwrap();
    listen(&socket, 64).unwrap();
    TcpListener::from(socket)
}
