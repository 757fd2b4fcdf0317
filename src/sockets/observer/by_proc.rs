//! Everybody, as /proc/net/tcp shows them. It has the queues of bytes; who spoke last is asked of the server's connections
//! themselves, as far as they can be duplicated: what cannot be is known to be unread or not, and no more.
use super::All;
use super::held::{Held, Holders};
use crate::sockets::Whose;
use crate::sockets::connections::Standing;
use crate::sockets::look::Look;
use crate::sockets::proc_net;
use crate::sockets::watched::Watched;
use procfs::net::{TcpNetEntry, TcpState};
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// The peers of the handshakes in progress.
///
/// # Errors
/// When /proc/net/tcp cannot be read.
pub(super) fn handshakes(watched: &[Watched]) -> io::Result<HashSet<SocketAddr>> {
    Ok(rows(watched)?.into_iter().filter(is_handshake).map(|row| row.remote_address).collect())
}

/// A look. `whose`: the server's processes, where they are known. Where the queues of bytes are not real, no zero is believed.
///
/// # Errors
/// When /proc/net/tcp cannot be read.
pub(super) fn look(whose: Option<&Whose>, queues_are_real: bool, all: &mut All) -> io::Result<Look> {
    if !queues_are_real {
        return Ok(Look::default());
    }
    let mut look = Look::at_nobody();
    let rows = rows(all.watched)?;
    // Not before the rows: whoever had one of them has it, or it is gone.
    let mut holders = whose.map(Holders::find);
    if holders.is_none() {
        look.connections_are_unknown();
    }
    for row in rows {
        if is_handshake(&row) && all.counts(row.remote_address) {
            look.count(Some(Standing::HalfOpen), Duration::ZERO);
        }
        // Without an inode nobody has it: it is queued, or closed.
        if row.inode == 0 || row.state == TcpState::Listen {
            continue;
        }
        match holders.as_mut().map_or(Held::Unknown, |holders| holders.of(&row)) {
            Held::ByServer(row) => look.count(all.judge(&row), all.silent_grace),
            Held::Unknown if is_unread(&row) => look.count(Some(Standing::Unread), Duration::ZERO),
            Held::Unknown => look.connections_are_unknown(),
            Held::Otherwise => {}
        }
    }
    all.memory.end_of_look();
    Ok(look)
}

fn rows(watched: &[Watched]) -> io::Result<Vec<TcpNetEntry>> {
    proc_net::entries(|row| watched.iter().any(|watched| watched.has(row.local_address)))
}

fn is_handshake(row: &TcpNetEntry) -> bool {
    matches!(row.state, TcpState::SynRecv | TcpState::NewSynRecv)
}

/// The client's FIN counts as a byte.
fn is_unread(row: &TcpNetEntry) -> bool {
    match row.state {
        TcpState::Established => row.rx_queue > 0,
        TcpState::CloseWait => row.rx_queue > 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Observer;
    use crate::sockets::source::Source;
    use crate::sockets::watched::Watched;
    use crate::sockets::{Listener, Look};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    /// gVisor: /proc shows 0 for every queue.
    #[test]
    fn where_proc_s_queues_are_not_real_a_look_knows_nothing_rather_than_zero() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let _queued = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let mut observer = Observer::open(Duration::ZERO);
        observer.source = Source::with_unreal_queues();
        let held = OwnedFd::from(server);
        observer.watch(vec![Watched { listener: Listener::of(&held).unwrap(), duplicate: None }]);
        assert_eq!(observer.look(), Look::default());
        assert_eq!(observer.queue(), (None, None));
    }
}
