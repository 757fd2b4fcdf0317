//! Handshakes that were answered by SYN cookie leave no trace at the server: their last ACK alone makes the
//! connection, at whichever listener it reaches. In a network of its own, where cookies are sent when this says so.
use super::apart::{counter, set};
use super::faults::{lose_acks, lose_nothing};
use super::scene::{BOUND, become_queued, close, form, knock, reach, server, until};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_error;
use rustix::net::{SocketFlags, accept_with, listen};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

const CLIENTS: u64 = 20;
pub const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The test, in a network of its own.
pub fn handshakes_survive() {
    for (address, way, members) in
        [("127.0.0.1:0", "127.0.0.1", 1), ("[::1]:0", "::1", 1), ("[::]:0", "127.0.0.1", 3)]
    {
        set("tcp_syncookies", ALWAYS);
        assert_eq!(late_arrivals(address, way, members, 128), CLIENTS);
        set("tcp_syncookies", WHEN_FULL);
        let late = late_arrivals(address, way, members, 2);
        assert!((1..CLIENTS).contains(&late), "{late}: some have a row in the server's queue of handshakes");
    }
}

/// `net.ipv4.tcp_syncookies` (ip-sysctl.rst).
const WHEN_FULL: &str = "1";
pub const ALWAYS: &str = "2";

/// Closes the gate while handshakes are in flight, and sees every client answered: those that have a cookie as late
/// arrivals, whose number it gives, the others by the server.
fn late_arrivals(address: &str, way: &str, members: usize, backlog: i32) -> u64 {
    let (sockets, address) = server(address, false, members);
    for socket in &sockets {
        listen(socket, backlog).unwrap();
    }
    let group = form(&sockets, address);
    sockets.iter().for_each(lose_acks);
    let sent = counter("SyncookiesSent");
    let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| connect_in_part(reach(address, way))).collect();
    let cookies = counter("SyncookiesSent") - sent;
    become_queued(&sockets, group.ours(), (0, 0));

    close(&group);
    let desk = Desk::open(Settings::answering(Duration::from_hours(1))).unwrap();
    desk.accept_from(group.ours(), None).unwrap();
    sockets.iter().for_each(lose_nothing);
    let mut by_server = 0;
    for mut client in clients {
        let mut heard = String::new();
        until(|| {
            by_server += sockets.iter().map(|socket| serve(socket)).sum::<u64>();
            poll_for(&client, PollFlags::IN, Duration::from_millis(1)) == 1
        });
        client.read_to_string(&mut heard).unwrap();
        assert!([RESPONSE, "served"].contains(&&*heard), "{heard:?}");
    }
    until(|| desk.busy() == 0);
    assert_eq!(desk.served(Kind::LateArrival), Served { answered: cookies, ..Served::default() });
    assert_eq!(cookies + by_server, CLIENTS);
    cookies
}

/// Serves whoever is queued, and gives how many.
pub fn serve(socket: &OwnedFd) -> u64 {
    let mut served = 0;
    while let Ok(accepted) = accept_with(socket, SocketFlags::CLOEXEC) {
        let mut accepted = TcpStream::from(accepted);
        accepted.read_exact(&mut [0; GET.len()]).unwrap();
        accepted.write_all(b"served").unwrap();
        served += 1;
    }
    served
}

fn poll_for(socket: impl AsFd, flags: PollFlags, within: Duration) -> usize {
    let within = Timespec::try_from(within).unwrap();
    poll(&mut [PollFd::new(&socket, flags)], Some(&within)).unwrap()
}

/// A client that has its SYN-ACK and has sent its ACK and a request, none of which has arrived.
fn connect_in_part(to: std::net::SocketAddr) -> TcpStream {
    let socket = knock(to);
    assert_eq!(poll_for(&socket, PollFlags::OUT, BOUND), 1);
    assert_eq!(socket_error(&socket).unwrap(), Ok(()));
    let mut client = TcpStream::from(socket);
    client.write_all(GET).unwrap();
    client.set_nonblocking(false).unwrap();
    client.set_read_timeout(Some(BOUND)).unwrap();
    client
}
