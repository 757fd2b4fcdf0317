//! The accept queues: TCP_INFO on a listener that we hold, else its row.
use super::Observer;
use crate::sockets::diag::SockDiag;
use crate::sockets::proc_net;
use crate::sockets::watched::{Watched, accept_queue};
use procfs::net::TcpState;

impl Observer {
    /// The accept queues' length and limit, summed. About 1 µs for each listener that we hold a duplicate of.
    pub fn queue(&mut self) -> (Option<u32>, Option<u32>) {
        let add = |sum: Option<u32>, more: Option<u32>| Some(sum?.saturating_add(more?));
        (0..self.watched.len()).fold((Some(0), Some(0)), |sum, index| {
            let (length, limit) = self.queue_of(index);
            (add(sum.0, length), add(sum.1, limit))
        })
    }

    /// The accept queue of one watched listener; one that is gone has none.
    pub fn queue_of(&mut self, index: usize) -> (Option<u32>, Option<u32>) {
        let Watched { listener, duplicate } = &self.watched[index];
        let Some(address) = listener.address.tcp() else {
            return self.unix.queue(listener.inode, duplicate.as_deref());
        };
        if let Some(held) = duplicate
            && let (Some(length), limit) = accept_queue(held)
        {
            return (Some(length), limit);
        }
        let by_diag = |diag: &mut SockDiag| {
            let row = diag.listener(address, listener.inode)?;
            Ok(row.map_or((Some(0), None), |(length, limit)| (Some(length), limit)))
        };
        let by_proc = |real: bool| {
            if !real {
                return Ok((None, None));
            }
            let rows = proc_net::entries(|row| row.state == TcpState::Listen && row.inode == listener.inode)?;
            Ok((Some(rows.first().map_or(0, |row| row.rx_queue)), None))
        };
        self.source.ask(by_diag, by_proc).unwrap_or_default()
    }
}
