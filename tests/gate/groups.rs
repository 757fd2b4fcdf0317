//! Joining a group that the server has made itself, without a duplicate of any of its sockets: its members leave as
//! they like, and the numbers of the others change.
use super::scene::{become_queued, close, knock, queued, queued_at_all, server, until};
use lameduck::sockets::gate::{Group, Place};
use rustix::process::getuid;
use std::net::{SocketAddr, TcpStream};

pub fn place(address: SocketAddr) -> Place {
    Place { address, v6only: false, uid: getuid().as_raw() }
}

fn join(members: usize, address: SocketAddr) -> Group {
    let mut strays = Vec::new();
    let group = Group::join(members, place(address), &mut strays).unwrap();
    assert_eq!(strays.len(), 0);
    group
}

pub fn a_joined_group_of_any_size_stays_diverted_while_its_members_leave() {
    // A group of one has to be made as one, too.
    for (members, leaving) in [(2, [0, 0]), (2, [1, 0]), (8, [3, 6]), (64, [0, 62]), (64, [31, 31])] {
        let (mut sockets, address) = server("127.0.0.1:0", false, members);
        let group = join(members, address);
        close(&group);
        let (mut late, mut count) = (Vec::new(), 0);
        let mut come = |clients: u32| {
            late.extend((0..clients).map(|_| TcpStream::connect(address).unwrap()));
            count += clients;
            count
        };
        for left in leaving {
            become_queued(&sockets, group.ours(), (0, come(1)));
            // When: one leaves, then all who come still come to ours.
            drop(sockets.remove(left));
            become_queued(&sockets, group.ours(), (0, come(60)));
        }
        // When: all have left, then too.
        sockets.clear();
        become_queued(&sockets, group.ours(), (0, come(60)));
        let spares = group.sockets().skip(1).map(|spare| queued(spare)).sum::<u32>();
        assert_eq!(spares, 0);
    }
}

pub fn a_joined_group_sends_everyone_to_the_server_until_the_gate_closes() {
    let (sockets, address) = server("[::]:0", false, 3);
    let group = join(3, address);
    let clients: Vec<_> =
        (0..60).map(|_| TcpStream::connect(("127.0.0.1", address.port())).unwrap()).collect();
    become_queued(&sockets, group.ours(), (60, 0));
    assert!(sockets.iter().all(|socket| queued(socket) > 0), "each member has its share");
    assert_eq!(group.undo().len(), 0);
    let _more: Vec<_> = (0..60).map(|_| TcpStream::connect(address_of(address)).unwrap()).collect();
    until(|| queued_at_all(&sockets) == 120);
    drop(clients);
}

fn address_of(wildcard: SocketAddr) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], wildcard.port()))
}

pub fn a_server_without_a_group_cannot_be_joined() {
    let (sockets, address) = server("127.0.0.1:0", false, 1);
    let error = Group::join(1, place(address), &mut Vec::new()).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot bind a second socket to {address}: Address already")),
        "{error}"
    );
    let _client = TcpStream::connect(address).unwrap();
    until(|| queued_at_all(&sockets) == 1);
    // Nor with more members than it has: a connection of our own would not come to us.
    let (sockets, address) = server("127.0.0.1:0", false, 2);
    let error = Group::join(3, place(address), &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("did not reach"), "{error}");
    let _clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    until(|| queued_at_all(&sockets) >= 20);
}

pub fn a_joined_group_closes_with_a_plug() {
    let (sockets, address) = server("127.0.0.1:0", false, 8);
    let group = join(8, address);
    close(&group);
    // When: the server is gone, then a plug takes our place.
    drop(sockets);
    let plug = group.plug(0).unwrap();
    let _knocking = knock(address);
    until(|| plug.has_dropped());
    assert_eq!(queued(group.ours()), 0);
}
