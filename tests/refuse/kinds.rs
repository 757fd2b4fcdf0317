//! Listeners of every kind of address: who is refused, and who goes on.
use crate::faults::{in_a_thread, lose_acks, lose_nothing};
use crate::passing::{come, pass};
use crate::support::trial::trial;
use crate::tables::tables;
use lameduck::sockets::gate::{PASSAGE_CLASS, Refusal};
use libtest_mimic::Trial;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Only a hang reaches it.
const BOUND: Duration = Duration::from_secs(30);

/// A listener, the ways to it, and the ways that lead to others.
struct Kind {
    address: &'static str,
    v6only: bool,
    refused: &'static [&'static str],
    not_refused: &'static [&'static str],
}

const KINDS: [Kind; 6] = [
    Kind { address: "127.0.0.1", v6only: false, refused: &["127.0.0.1"], not_refused: &["127.0.0.2", "::1"] },
    Kind { address: "0.0.0.0", v6only: false, refused: &["127.0.0.1", "127.0.0.2"], not_refused: &["::1"] },
    Kind { address: "::1", v6only: true, refused: &["::1"], not_refused: &["127.0.0.1"] },
    Kind { address: "::", v6only: true, refused: &["::1"], not_refused: &["127.0.0.1"] },
    Kind { address: "::", v6only: false, refused: &["::1", "127.0.0.1", "127.0.0.2"], not_refused: &[] },
    Kind {
        address: "::ffff:127.0.0.1",
        v6only: false,
        refused: &["127.0.0.1"],
        not_refused: &["127.0.0.2", "::1"],
    },
];

pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("a_closed_gate_refuses_each_way_to_its_listener_and_no_other", needs, each_way),
        trial("a_gate_that_spares_lameduck_s_own_class_refuses_all_others", needs, sparing),
        trial("connections_from_before_the_gate_go_on", needs, go_on),
        trial("two_gates_in_one_network_do_not_open_each_other", needs, two_gates),
        trial("without_cap_net_admin_there_is_no_gate", needs, unprivileged),
    ]
}

fn listener(address: &str, port: u16, v6only: bool) -> TcpListener {
    let address = SocketAddr::new(address.parse().unwrap(), port);
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    set_socket_reuseaddr(&socket, true).unwrap();
    if address.is_ipv6() {
        set_ipv6_v6only(&socket, v6only).unwrap();
    }
    bind(&socket, &address).unwrap();
    listen(&socket, 64).unwrap();
    TcpListener::from(socket)
}

fn connects(ip: &str, port: u16) -> bool {
    let address = SocketAddr::new(ip.parse::<IpAddr>().unwrap(), port);
    match TcpStream::connect(address) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => false,
        Err(error) => panic!("{address}: {error}"),
    }
}

fn each_way() {
    for Kind { address, v6only, refused, not_refused } in KINDS {
        // Given: a listener, and others at its port.
        let server = listener(address, 0, v6only);
        let at = server.local_addr().unwrap();
        let port = at.port();
        let _others: Vec<_> = not_refused.iter().map(|other| listener(other, port, true)).collect();
        // When: its gate is formed, then nobody is refused but our own connection.
        let mut gate = Refusal::form(at, v6only).unwrap();
        assert!(refused.iter().chain(not_refused).all(|way| connects(way, port)), "{at}: before");
        assert_eq!(tables(), Vec::<String>::new(), "nothing stands before the gate is closed");
        // When: it is closed, then its own ways are refused, and no other.
        gate.close_gate().unwrap();
        assert!(refused.iter().all(|way| !connects(way, port)), "{at}: nobody gets in");
        assert!(not_refused.iter().all(|way| connects(way, port)), "{at}: the others are reached");
        assert!(tables()[0].starts_with("lameduck-"), "its name tells whose it is");
        // When: it is opened again, then nothing is left of it.
        drop(gate);
        assert!(refused.iter().all(|way| connects(way, port)), "{at}: afterwards");
        assert_eq!(tables(), Vec::<String>::new());
    }
}

fn sparing() {
    for Kind { address, v6only, refused, .. } in KINDS {
        let server = listener(address, 0, v6only);
        let at = server.local_addr().unwrap();
        let mut gate = Refusal::form(at, v6only).unwrap().sparing(PASSAGE_CLASS);
        gate.close_gate().unwrap();
        for way in refused {
            let way: IpAddr = way.parse().unwrap();
            let to = SocketAddr::new(way, at.port());
            assert!(come(way, to).is_none(), "{to} of {at}");
            assert!(pass(way, to).is_some(), "{to} of {at}, of lameduck's class");
        }
    }
}

fn go_on() {
    let server = listener("127.0.0.1", 0, false);
    let address = server.local_addr().unwrap();
    // Given: one that is accepted, one that is queued, and one whose handshake is not complete.
    let open = TcpStream::connect(address).unwrap();
    let accepted = server.accept().unwrap().0;
    let queued = TcpStream::connect(address).unwrap();
    lose_acks(&server);
    let half_open = TcpStream::connect(address).unwrap();
    // When
    let mut gate = Refusal::form(address, false).unwrap();
    gate.close_gate().unwrap();
    lose_nothing(&server);
    // Then: each is heard and answered.
    answer(&open, &accepted);
    for mut client in [&queued, &half_open] {
        client.write_all(b"?").unwrap();
        answer(client, &server.accept().unwrap().0);
    }
    assert!(!connects("127.0.0.1", address.port()));
}

fn answer(client: &TcpStream, server: &TcpStream) {
    for (mut from, mut to) in [(server, client), (client, server)] {
        to.set_read_timeout(Some(BOUND)).unwrap();
        from.write_all(b"!").unwrap();
        let mut heard = [0; 1];
        to.read_exact(&mut heard).unwrap();
    }
}

/// What two containers of a pod do.
fn two_gates() {
    let servers = [listener("127.0.0.1", 0, false), listener("127.0.0.1", 0, false)];
    let [first, second] = servers.each_ref().map(|server| server.local_addr().unwrap());
    let mut gates = [first, second].map(|address| Refusal::form(address, false).unwrap());
    for gate in &mut gates {
        gate.close_gate().unwrap();
    }
    assert_eq!(HashSet::<String>::from_iter(tables()).len(), 2, "each has a name of its own");
    let [gone, other] = gates;
    drop(gone);
    assert!(connects("127.0.0.1", first.port()));
    assert!(!connects("127.0.0.1", second.port()));
    drop(other);
    assert!(connects("127.0.0.1", second.port()));
}

/// A thread of its own: capabilities are a thread's.
fn unprivileged() {
    let server = listener("127.0.0.1", 0, false);
    let address = server.local_addr().unwrap();
    in_a_thread(|| {
        set_capabilities(
            None,
            CapabilitySets {
                effective: CapabilitySet::empty(),
                permitted: CapabilitySet::empty(),
                inheritable: CapabilitySet::empty(),
            },
        )
        .unwrap();
        let error = Refusal::form(address, false).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot refuse connections to {address}: Operation not")),
            "{error}"
        );
    });
    assert!(connects("127.0.0.1", address.port()));
}
