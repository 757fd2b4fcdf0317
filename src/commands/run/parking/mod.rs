//! Parking: every look at the server's connections goes through here on its way to the drain, and what the park wants
//! done with one is done.
//!
//! | file | subject |
//! |---|---|
//! | `acts` | what is done with one connection, on a duplicate that is held for an instant |
//! | `caught` | a server whose call was caught while a mark was being raised, and how it is freed |
//! | `across` | what is at rest is held across the forward, until the server lets it go |
mod across;
mod acts;
mod caught;

use super::pace::{Begin, Share};
use crate::cli::{ParkArgs, ParkChoice};
use crate::park::{Connection, Figures, Patience, Seen, Stance};
use crate::sockets::by_cookie::{ByCookie, is_remembered};
use crate::sockets::connections::{Counters, Standing, TCP_CLOSE_WAIT};
use crate::sockets::diag::Row;
use crate::sockets::owners::Owners;
use crate::sockets::{Whose, duplicate, mark};
use across::Across;
use acts::RAISES_PER_LOOK;
use caught::Caught;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Connections that cannot be parked, or whose requests are read in spite of it, and that are never quiet for long, are waited for so
/// long. Then any instant will do in which none of them has a request in flight.
const PATIENCE: Duration = Duration::from_secs(5);

/// A late request, and what was taken of it.
pub type LateRequest = (OwnedFd, Vec<u8>);

/// Parks the server's connections.
#[derive(Debug)]
pub struct Parking {
    whose: Whose,
    wanted: bool,
    /// Duplicates are to be had here.
    possible: bool,
    after: Duration,
    silent_grace: Duration,
    /// When the gate closed.
    gated_at: Option<Duration>,
    now: Duration,
    owners: Owners,
    /// A connection was seen that none of the known processes held.
    owners_are_stale: bool,
    /// When the next pass over the server's descriptors may be had.
    owners_due: Duration,
    connections: ByCookie<Entry>,
    look: u32,
    /// Looks at all connections, and roll calls of all of them.
    shows: u32,
    /// Marks that were to be raised at this look, and those that are up now.
    raises: usize,
    raised: usize,
    late: Vec<LateRequest>,
    caught: Vec<Caught>,
    across: Across,
    figures: Figures,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    connection: Connection,
    inode: u64,
    look: u32,
    show: u32,
    /// A request or an answer was unfinished at the last look.
    is_working: bool,
    is_blocking: bool,
    is_out_of_reach: bool,
    counted: Counted,
}

/// In which figures it is already.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    parked: bool,
    released: bool,
}

impl Parking {
    /// Nothing is parked before the gate closes.
    #[must_use]
    pub fn new(whose: Whose, options: &ParkArgs, silent_grace: Duration) -> Self {
        Self {
            whose,
            wanted: options.park == ParkChoice::Auto,
            possible: false,
            after: options.park_after,
            silent_grace,
            gated_at: None,
            now: Duration::ZERO,
            owners: Owners::default(),
            owners_are_stale: true,
            owners_due: Duration::ZERO,
            connections: ByCookie::default(),
            look: 0,
            shows: 0,
            raises: 0,
            raised: 0,
            late: Vec::new(),
            caught: Vec::new(),
            across: Across::default(),
            figures: Figures::default(),
        }
    }

    /// The gate has closed.
    pub fn gated(&mut self, now: Duration) {
        self.gated_at = Some(now);
        self.possible = self.wanted && duplicate::permitted().is_ok();
    }

    /// A look begins.
    pub fn begin_look(&mut self, now: Duration) {
        (self.now, self.raises, self.raised) = (now, 0, 0);
        if self.has_begun() && self.owners_are_stale && now >= self.owners_due {
            self.find_owners();
        }
    }

    /// What a connection of the server is to be counted as; does with it what is to be done.
    pub fn judge(&mut self, row: &Row, counters: Counters, standing: Option<Standing>) -> Option<Standing> {
        let Some(seen) = self.wanted.then(|| self.seen(counters, standing)).flatten() else {
            return standing;
        };
        let place = self.connections.place(row.cookie(), Entry::default);
        let mut entry = self.connections[place];
        (entry.inode, entry.look, entry.show) = (row.inode(), self.look, self.shows);
        self.free(entry.inode, &seen);
        let mut act = entry.connection.look(&seen);
        while let Some(wanted) = act.filter(|_| self.has_begun()) {
            act = self.act(wanted, &mut entry, &seen);
        }
        let standing = entry.connection.standing(&seen, self.patience());
        entry.is_working =
            matches!(standing, Some(Standing::InFlight | Standing::Unclear | Standing::Unread));
        self.connections[place] = entry;
        standing
    }

    /// A look at all connections has ended: those that it and the ones before did not show are gone. One that
    /// we have taken is ours to the end, shown or not: known anew, it would be taken for the server's. No cookie comes twice
    /// (`sock_gen_cookie()`), and there are no more of these than the server had connections.
    pub fn end_look(&mut self) {
        let look = self.look;
        self.connections
            .end_look(|entry| entry.connection.stance() == Stance::Taken || is_remembered(entry.look, look));
        self.look = look.wrapping_add(1);
        self.all_shown();
    }

    /// All connections were shown: one that was not has ended. It is remembered all the same until looks have not shown it,
    /// because those who are called are those whom one look showed.
    pub fn all_shown(&mut self) {
        self.shows = self.shows.wrapping_add(1);
    }

    /// What looks at all connections may take: more while there are marks to raise, which is soon done.
    #[must_use]
    pub fn share(&self) -> Share {
        if self.raised > 0 && self.raises > RAISES_PER_LOOK { Share::Quarter } else { Share::Lasting }
    }

    /// The late requests that were taken since this was last asked.
    pub fn late_requests(&mut self) -> Vec<LateRequest> {
        std::mem::take(&mut self.late)
    }

    /// What is to be told.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.figures
    }

    /// Whether connections are being parked.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.possible && self.gated_at.is_some_and(|gated| self.now >= gated.saturating_add(self.after))
    }

    fn patience(&self) -> Patience {
        match self.gated_at {
            Some(gated) if self.now >= gated + self.after.saturating_add(PATIENCE) => Patience::Impatient,
            _ => Patience::Patient,
        }
    }

    /// `None`: it is none that the server has, or its counters do not tell.
    fn seen(&self, counters: Counters, standing: Option<Standing>) -> Option<Seen> {
        let standing = match standing? {
            Standing::HalfOpen | Standing::Queued | Standing::Over => return None,
            Standing::Silent(age) if age >= self.silent_grace => Standing::Idle,
            other => other,
        };
        let spoken = counters.spoken?;
        Some(Seen {
            at: self.now,
            received: spoken.received,
            unread: counters.recv_queue.into(),
            sent: spoken.sent,
            // Not by the row's queue, where the kernel tells: that is read without the socket's lock, and a request may
            // be in it whose acknowledgement of the answer before is not (tcp_rcv_established() in net/ipv4/tcp_input.c).
            delivered: spoken.outstanding.map_or(counters.send_queue == 0, |outstanding| !outstanding),
            client_quiet: spoken.since_received,
            server_quiet: spoken.since_sent,
            half_closed: counters.state == TCP_CLOSE_WAIT,
            standing: Some(standing),
        })
    }

    fn find_owners(&mut self) {
        let begin = Begin::now();
        self.owners.find(&self.whose.processes());
        self.owners_are_stale = false;
        self.owners_due = Share::Lasting.again(self.now, begin.cost(), Duration::ZERO);
    }
}
