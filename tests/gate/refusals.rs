//! The gate where the kernel or a seccomp profile refuses a step: no gate, and nothing else changes.
use super::faults::refusing;
use super::scene::{become_queued, close, form, queued, queued_at_all, server, until};
use lameduck::sockets::gate::Group;
use rustix::net::sockopt::socket_reuseport;
use rustix::net::{SocketFlags, accept_with};
use rustix::process::getuid;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

/// The refused system call and its arguments, and what the error says was tried.
type Refusal = (i64, &'static [(u8, i32)], &'static str);

const ATTACH: &[(u8, i32)] = &[(1, libc::SOL_SOCKET), (2, libc::SO_ATTACH_REUSEPORT_CBPF)];
const REFUSALS: [Refusal; 7] = [
    (
        libc::SYS_setsockopt,
        &[(1, libc::SOL_SOCKET), (2, libc::SO_REUSEPORT)],
        "cannot make a socket with SO_REUSEPORT for",
    ),
    (libc::SYS_bind, &[], "cannot bind a second socket to"),
    (libc::SYS_setsockopt, ATTACH, "cannot attach a program to the sockets at"),
    (libc::SYS_listen, &[], "cannot listen at"),
    (
        libc::SYS_setsockopt,
        &[(1, libc::SOL_SOCKET), (2, libc::SO_DETACH_FILTER)],
        "cannot take the filter off a socket at",
    ),
    (libc::SYS_connect, &[], "cannot connect to"),
    (libc::SYS_accept4, &[], "cannot accept at"),
];

fn try_to_form(sockets: &[Arc<OwnedFd>], address: SocketAddr) -> (String, Vec<OwnedFd>) {
    let mut strays = Vec::new();
    let error = Group::form(sockets.to_vec(), address, getuid().as_raw(), &mut strays).unwrap_err();
    (error.to_string(), strays)
}

/// The server accepts and answers, as it would have without us.
fn serves(sockets: &[Arc<OwnedFd>], address: SocketAddr) {
    let client = TcpStream::connect(address).unwrap();
    until(|| queued_at_all(sockets) > 0);
    let socket = sockets.iter().find(|socket| queued(socket) > 0).unwrap();
    let mut accepted = TcpStream::from(accept_with(&**socket, SocketFlags::CLOEXEC).unwrap());
    accepted.write_all(b"served").unwrap();
    drop(accepted);
    let mut heard = Vec::new();
    (&client).read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"served");
}

pub fn a_group_that_is_refused_at_any_step_says_which_and_leaves_the_server_as_it_was() {
    for (call, arguments, said) in REFUSALS {
        for members in [1, 3] {
            let (sockets, address) = server("127.0.0.1:0", false, members);
            let _queued: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
            until(|| queued_at_all(&sockets) == 5);
            let (error, _) = refusing(call, arguments, libc::EPERM, || try_to_form(&sockets, address));
            assert!(error.starts_with(&format!("{said} {address}: ")), "{error}");
            assert_eq!(queued_at_all(&sockets), 5, "{said}: whoever was queued still is");
            for socket in &sockets {
                assert_eq!(socket_reuseport(socket).unwrap(), members > 1, "{said}");
                while accept_with(&**socket, SocketFlags::CLOEXEC).is_ok() {}
            }
            (0..10).for_each(|_| serves(&sockets, address));
            // And where it is permitted, the same sockets can still be gated.
            close(&form(&sockets, address));
        }
    }
}

pub fn where_programs_are_refused_nobody_who_connects_meanwhile_is_lost() {
    for members in [1, 3] {
        let (sockets, address) = server("127.0.0.1:0", false, members);
        let over = AtomicBool::new(false);
        let (clients, strays) = thread::scope(|scope| {
            let connecting = scope.spawn(|| {
                let mut clients = Vec::new();
                while !over.load(SeqCst) && clients.len() < 100 * members {
                    clients.push(TcpStream::connect(address).unwrap());
                }
                clients
            });
            let strays = refusing(libc::SYS_setsockopt, ATTACH, libc::EPERM, || {
                (0..50).flat_map(|_| try_to_form(&sockets, address).1).count()
            });
            over.store(true, SeqCst);
            (connecting.join().unwrap(), strays)
        });
        assert_eq!(strays, 0, "nobody came to a socket of ours");
        until(|| queued_at_all(&sockets) as usize == clients.len());
    }
}

pub fn where_filters_are_refused_there_is_a_gate_all_the_same() {
    const FILTER: &[(u8, i32)] = &[(1, libc::SOL_SOCKET), (2, libc::SO_ATTACH_FILTER)];
    for members in [1, 3] {
        let (sockets, address) = server("127.0.0.1:0", false, members);
        let group = refusing(libc::SYS_setsockopt, FILTER, libc::EPERM, || form(&sockets, address));
        let _clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        become_queued(&sockets, group.ours(), (20, 0));
        close(&group);
        let _late = TcpStream::connect(address).unwrap();
        become_queued(&sockets, group.ours(), (20, 1));
    }
}

pub fn a_gate_that_cannot_be_closed_stays_open() {
    for (call, arguments) in [(libc::SYS_setsockopt, ATTACH), (libc::SYS_connect, &[][..])] {
        let (sockets, address) = server("127.0.0.1:0", false, 2);
        let group = form(&sockets, address);
        refusing(call, arguments, libc::EPERM, || group.close_gate(&mut Vec::new()).unwrap_err());
        let _clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        become_queued(&sockets, group.ours(), (20, 0));
        close(&group);
    }
}
