//! A look at the [`World`](super::world::World), as rows of the kernel's table give it: in two halves.
use super::witness::Witness;
use super::world::Event;
use super::{Seen, ms};
use crate::sockets::connections::{Counters, Spoken, Standing, TCP_CLOSE_WAIT};

const ESTABLISHED: u8 = 1;

impl Witness {
    /// What is unread, and what the row's own queue holds unacknowledged, is older than all the rest: `torn` happens in
    /// between.
    pub fn seen(&mut self, torn: Option<Event>) -> Seen {
        let (unread, finished) = (self.world.unread(), self.world.finished);
        let queued = self.world.sent - self.world.acknowledged;
        if let Some(event) = torn {
            self.happen(event);
        }
        let world = &self.world;
        let outstanding = world.sent != world.acknowledged;
        let spoken = Spoken {
            received: world.said.len() as u64,
            sent: world.sent,
            since_received: world.since(world.heard_tick),
            since_sent: world.since(world.spoke_tick),
            outstanding: Some(outstanding),
            bare_received: None,
            bare_sent: None,
        };
        let counters = Counters {
            state: if finished { TCP_CLOSE_WAIT } else { ESTABLISHED },
            owned: true,
            recv_queue: u32::try_from(unread).unwrap_or(u32::MAX) + u32::from(finished),
            send_queue: u32::try_from(queued).unwrap_or(u32::MAX),
            spoken: Some(spoken),
        };
        let standing = match self.memory.standing(1, counters) {
            Some(Standing::Silent(age)) if age >= ms(1_000) => Some(Standing::Idle),
            other => other,
        };
        Seen {
            at: world.now,
            received: spoken.received,
            unread: counters.recv_queue.into(),
            sent: spoken.sent,
            delivered: !outstanding,
            client_quiet: spoken.since_received,
            server_quiet: spoken.since_sent,
            half_closed: finished,
            standing,
        }
    }
}
