//! What must hold of whatever answers sock_diag gives ([`crate::readers`]).
use super::answer::{Message, take};
use super::{Family, Row, States, UnixRow};
use crate::readers::choice;
use crate::sockets::connections::{Counters, TCP_CLOSE_WAIT};
use crate::sockets::memory::Memory;
use netlink_packet_sock_diag::constants::SOCK_DIAG_BY_FAMILY;

/// `struct nlmsghdr` of linux/netlink.h around a row, as a dump has it.
fn message(sequence: u32, row: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + row.len()).expect("short");
    let (kind, flags, port) = (SOCK_DIAG_BY_FAMILY.to_ne_bytes(), [2, 0], [0; 4]);
    [&length.to_ne_bytes()[..], &kind, &flags, &sequence.to_ne_bytes(), &port, row].concat()
}

/// A dump is walked to its end, over no more messages than there is room for.
fn walk(bytes: &[u8], mut each: impl FnMut(&[u8])) {
    let (mut whole, mut rows) = (true, 0);
    let over = take(bytes, 0, &mut whole, |row| {
        rows += 1;
        each(row);
        Ok(())
    });
    assert!(rows <= bytes.len() / 16 + 1, "more rows than bytes");
    if let Ok(message) = Message::first_of(bytes) {
        assert!(message.extent() >= 16 && message.extent() <= bytes.len().next_multiple_of(4));
    }
    drop(over);
}

/// Whatever a dump of TCP sockets has: an attribute that is not all there is unknown, and what a row says can be weighed.
///
/// # Panics
/// When it does not hold.
pub fn sock_diag(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let read = |payload: &[u8]| {
        let Ok(row) = Row::parse(payload) else { return };
        assert_eq!(row.family() == Family::V4, row.local().is_ipv4());
        let info = row.tcp_info().unwrap_or_default();
        assert!(info.len() <= payload.len());
        let (v6only, multicast_loop) = (row.v6only(), row.multicast_loop());
        let counters = Counters::of(&row);
        assert_eq!(counters.owned, row.inode() != 0);
        let mut memory = Memory::default();
        let standing = memory.standing(row.cookie(), counters);
        memory.end_of_look();
        if States::Connections.have(row.state()) && row.state() != TCP_CLOSE_WAIT && standing.is_none() {
            assert!(counters.spoken.is_none(), "nothing is said of what the kernel told");
        }
        let name = row.name();
        let owned = row.into_owned();
        assert_eq!((owned.v6only(), owned.multicast_loop()), (v6only, multicast_loop));
        assert_eq!(owned.name().id, name.id);
        assert_eq!(Counters::of(&owned), counters);
    };
    // As the kernel wraps it, so that chance need not find that, or as it is.
    if choice & 1 == 0 { walk(&message(0, bytes), read) } else { walk(bytes, read) }
}

/// Whatever a dump of unix sockets has.
///
/// # Panics
/// When it does not hold.
pub fn unix_diag(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let read = |payload: &[u8]| {
        let Ok(Some(row)) = UnixRow::parse(payload) else { return };
        assert!(row.inode() <= u32::MAX.into() && row.peer().is_none_or(|peer| peer <= u32::MAX.into()));
        let (name, node, queues) = (row.name(), row.node(), row.queues());
        assert!(name.is_none() || payload.len() > 16);
        assert!(node.is_none() || payload.len() >= 24, "no room for it");
        assert!(queues.is_none() || payload.len() >= 24, "no room for them");
        let _ = row.cookie();
    };
    if choice & 1 == 0 { walk(&message(0, bytes), read) } else { walk(bytes, read) }
}
