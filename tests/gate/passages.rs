//! Connections of lameduck's own come to the server past a gate that is closed, and past one that turns everybody away.
use super::kinds::for_each_kind;
use super::passing::{come, pass};
use super::scene::{become_queued, close, form, knock, queued_at_all, reach, server, until};
use std::net::TcpStream;

pub fn a_connection_of_ours_passes_a_gate_that_diverts_or_turns_away_and_nobody_else_does() {
    for_each_kind(|(address, v6only, members, ways)| {
        let (sockets, address) = server(address, v6only, members);
        let mut group = form(&sockets, address);
        let passage = group.passage().unwrap();
        close(&group);
        // Given: a gate that diverts. When: one of ours comes, then it is the server's; one of no class is late.
        let mut clients: Vec<_> = (0..8).map(|_| pass(passage.ip(), passage)).collect();
        clients.push(come(passage.ip(), passage));
        become_queued(&sockets, group.ours(), (8, 1));
        // When: new connections are turned away, then one of ours is still the server's, and nobody else gets in.
        group.turn_away(0).unwrap();
        let knocking: Vec<_> = ways.iter().map(|way| knock(reach(address, way))).collect();
        clients.extend((0..8).map(|_| pass(passage.ip(), passage)));
        become_queued(&sockets, group.ours(), (16, 1));
        // When: all is undone, then the server has everybody, those who knocked too.
        assert_eq!(group.undo().len(), 1, "the late arrival is handed over");
        clients.push(Some(TcpStream::connect(reach(address, ways[0])).unwrap()));
        until(|| queued_at_all(&sockets) as usize == 17 + knocking.len());
    });
}

/// The class alone is nobody's right: a router may set it.
pub fn a_stranger_of_our_class_is_diverted_like_everybody() {
    let (sockets, address) = server("0.0.0.0:0", false, 1);
    let group = form(&sockets, address);
    close(&group);
    let _stranger = pass("127.0.0.77".parse().unwrap(), group.passage().unwrap());
    become_queued(&sockets, group.ours(), (0, 1));
}
