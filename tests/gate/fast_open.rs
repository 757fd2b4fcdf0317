//! TCP Fast Open (RFC 7413): a client that has a cookie sends its request with its SYN. Behind the closed gate it is answered as any late
//! arrival, by the plug it is refused as any: it never got in, and knows it.
use super::apart::{counter, get, set};
use super::cookies::{ALWAYS, GET, serve};
use super::faults::set_tcp_option;
use super::scene::{BOUND, become_queued, close, form, reach, server, until};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::sockopt::socket_error;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, sendto, socket_with};
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// `net.ipv4.tcp_fastopen` (ip-sysctl.rst): for clients and servers; and for listeners that have not asked for it, as lameduck's own.
const ON: [&str; 2] = ["3", "1027"];
/// TCP_FASTOPEN of a listener: how many may wait for their handshake.
const PENDING: i32 = 128;
const CLIENTS: u64 = 20;

pub fn knocks() {
    // A client whose SYNs were lost with their data would do without for a while.
    set("tcp_fastopen_blackhole_timeout_sec", "0");
    for on in ON {
        set("tcp_fastopen", on);
        for (address, way, members) in
            [("127.0.0.1:0", "127.0.0.1", 1), ("[::1]:0", "::1", 1), ("[::]:0", "127.0.0.1", 3)]
        {
            through_the_gate(address, way, members, u64::from(on == ON[1]));
        }
        for cookies in ["0", "1", ALWAYS] {
            for abort in ["0", "1"] {
                set("tcp_syncookies", cookies);
                set("tcp_abort_on_overflow", abort);
                through_the_gate("127.0.0.1:0", "127.0.0.1", 1, u64::from(on == ON[1]));
            }
        }
        set("tcp_syncookies", "1");
        set("tcp_abort_on_overflow", "0");
    }
}

fn through_the_gate(address: &str, way: &str, members: usize, at_ours: u64) {
    // Who is answered by SYN cookie sends its request after the handshake (tcp_conn_request() in net/ipv4/tcp_input.c).
    let possible = u64::from(get("tcp_syncookies") != ALWAYS);
    let (sockets, address) = server(address, false, members);
    for socket in &sockets {
        set_tcp_option(socket, libc::TCP_FASTOPEN, PENDING);
    }
    let to = reach(address, way);
    // The first one asks for the cookie.
    is_served(knock(to), &sockets);
    let group = form(&sockets, address);
    let before = counter("TCPFastOpenPassive");
    is_served(knock(to), &sockets);
    assert_eq!(counter("TCPFastOpenPassive") - before, possible, "whether it had a cookie");

    close(&group);
    let before = counter("TCPFastOpenPassive");
    let desk = Desk::open(Settings::answering(Duration::from_hours(1))).unwrap();
    let ours: Vec<_> = group.sockets().collect();
    for ours in &ours {
        desk.accept_from(ours, None).unwrap();
    }
    let late: Vec<TcpStream> = (0..CLIENTS).map(|_| knock(to)).collect();
    for client in late {
        assert_eq!(heard(client), RESPONSE);
    }
    until(|| desk.busy() == 0);
    assert_eq!(desk.served(Kind::LateArrival), Served { answered: CLIENTS, ..Served::default() });
    assert_eq!(counter("TCPFastOpenPassive") - before, CLIENTS * at_ours * possible);

    let plug = group.plug(0).unwrap();
    let before = counter("TCPFastOpenPassive");
    let knocking: Vec<OwnedFd> = (0..CLIENTS).map(|_| knock_without_waiting(to)).collect();
    until(|| plug.has_dropped());
    become_queued(&sockets, group.ours(), (0, 0));
    assert_eq!(counter("TCPFastOpenPassive"), before, "a plug let somebody in");
    drop(ours);
    drop((desk, sockets, group, plug));
    for socket in knocking {
        let bound = Timespec::try_from(BOUND).unwrap();
        assert_eq!(poll(&mut [PollFd::new(&socket, PollFlags::OUT)], Some(&bound)), Ok(1));
        assert_eq!(socket_error(&socket).unwrap(), Err(Errno::CONNREFUSED));
    }
}

fn client(to: SocketAddr) -> OwnedFd {
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap()
}

/// Connects by its request, which goes with the SYN where there is a cookie.
fn knock(to: SocketAddr) -> TcpStream {
    let socket = client(to);
    let flags = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.cast_unsigned());
    assert_eq!(sendto(&socket, GET, flags, &to), Ok(GET.len()));
    let client = TcpStream::from(socket);
    client.set_read_timeout(Some(BOUND)).unwrap();
    client
}

fn knock_without_waiting(to: SocketAddr) -> OwnedFd {
    let socket = client(to);
    ioctl_fionbio(&socket, true).unwrap();
    let flags = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.cast_unsigned());
    // All of it is on its way with the SYN, or none of it is.
    assert!([Ok(GET.len()), Err(Errno::INPROGRESS)].contains(&sendto(&socket, GET, flags, &to)));
    socket
}

fn is_served(client: TcpStream, sockets: &[Arc<OwnedFd>]) {
    let mut served = 0;
    until(|| {
        served += sockets.iter().map(|socket| serve(socket)).sum::<u64>();
        served == 1
    });
    assert_eq!(heard(client), "served");
}

fn heard(mut client: TcpStream) -> String {
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    heard
}
