//! Multipath TCP (Go's default): a server that listens with it, and clients with and without it, through a stop.
use crate::groups::speaking;
use crate::support::load::{plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use rustix::net::{AddressFamily, SocketType, connect, ipproto, socket};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// IPPROTO_MPTCP of linux/in.h.
const MPTCP: u32 = 262;

pub fn trials() -> Vec<Trial> {
    let needs = multipath().map(drop).map_err(|error| format!("needs a kernel with MPTCP: {error}"));
    let mut trials = Vec::new();
    for (name, size, options) in [
        ("alone", 1, &[][..]),
        ("in_a_group", 3, &[]),
        ("joined", 3, &["--capture", "none"]),
        ("without_parking", 1, &["--park", "off"]),
    ] {
        trials.push(trial(&format!("an_mptcp_server_{name}_loses_nobody"), &needs, move || {
            loses_nobody(size, options);
        }));
        trials.push(trial(&format!("an_mptcp_server_{name}_loses_no_mptcp_client"), &needs, move || {
            both_kinds(size, options);
        }));
    }
    trials
}

fn multipath() -> rustix::io::Result<std::os::fd::OwnedFd> {
    socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP))
}

fn loses_nobody(size: usize, options: &[&str]) {
    let mut server = speaking(MPTCP, size, options).start();
    let plan = plan(&server, 90.0);
    let result = until_gone(&mut server, plan, 60, |server| server.signal(libc::SIGTERM));
    println!("{:?}", result.tally);
    assert_eq!((result.tally.lost, result.status.code()), (0, Some(0)), "{result:?}");
    assert!(result.tally.answered_late > 0, "{result:?}");
    assert!(
        server.log().contains("gate=divert") && server.log().contains("outcome=drained"),
        "{}",
        server.log()
    );
}

/// Clients of both kinds that are queued, one that is in flight, and some that come behind the gate.
fn both_kinds(size: usize, options: &[&str]) {
    let mut server = speaking(MPTCP, size, options).start();
    let mut holder = client(&server, true);
    holder.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let queued: Vec<TcpStream> = (0..40)
        .map(|index| {
            let mut client = client(&server, index % 2 == 0);
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            client
        })
        .collect();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate=divert").then_some(()));
    for is_multipath in [true, false] {
        let mut late = client(&server, is_multipath);
        late.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(answer(late).starts_with("HTTP/1.1 503 "));
    }
    for client in queued {
        assert!(answer(client).starts_with("HTTP/1.1 200 "), "whoever was there before the gate is served");
    }
    // It was still waited for.
    assert!(!server.log().contains("forwarded"), "{}", server.log());
    holder.write_all(b"Host: a\r\n\r\n").unwrap();
    assert!(answer(holder).starts_with("HTTP/1.1 200 "));
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert!(server.log().contains("outcome=drained"), "{}", server.log());
}

fn client(server: &Server, is_multipath: bool) -> TcpStream {
    let address: SocketAddr = server.address();
    let client = if is_multipath {
        let socket = multipath().unwrap();
        connect(&socket, &address).unwrap();
        TcpStream::from(socket)
    } else {
        TcpStream::connect(address).unwrap()
    };
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

fn answer(mut client: TcpStream) -> String {
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    heard
}
