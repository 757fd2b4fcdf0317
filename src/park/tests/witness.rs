//! The laws of a park, from what has truly happened; and a driver that looks, and does what is asked.
//!
//! 1. `Raise` is asked of an open connection, `Peek` and `Take` of a parked one on which bytes wait, `Lower` of a parked
//!    one, or again; of one that is taken, nothing.
//! 2. Nothing is taken while the server owes, by the clock; nor after its 100 Continue that a look could tell; nor
//!    before the answer is delivered; nor within QUIET of its last word, less a tick.
//! 3. Nothing is taken of a connection on which a request was seen waiting while another was open; but where the clocks
//!    tie, after TIE_QUIET without a word.
//! 4. Nothing is at rest while the server owes, by the clock, or what it said is not delivered; nor while it has not
//!    spoken on what it was left; nor within QUIET of its last word, less a tick.
//! 5. When nothing happens any more, what waits and is the server's is released.
//! 6. When nothing happens any more and the server owes nothing, it comes to rest.
use super::world::{CONTINUE, Event, World};
use super::{Act, Connection, FirstBytes, Patience, QUIET, Seen, Stance, ms};
use crate::sockets::connections::Standing;
use crate::sockets::memory::{Memory, TIE_QUIET};
use std::time::Duration;

/// What happens while a look is made: between the two halves of the row, after it, and before each act. Whether acts
/// are refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    pub torn: Option<Event>,
    pub after: Option<Event>,
    pub refused: bool,
}

#[derive(Default)]
pub struct Witness {
    pub world: World,
    pub connection: Connection,
    pub memory: Memory,
    /// What the server had said when it was last left something that had been seen waiting.
    left: Option<u64>,
    lowered_at: Option<Duration>,
    /// All that the server had said, at a look that showed it before it was woken by what it speaks on now.
    base: Option<u64>,
    /// All that had been received, by the last look.
    received: u64,
    /// Its last word was a 100 Continue, the first since it read by the clock, and looks showed what it had said before.
    told_continue: bool,
    /// Since it last read.
    has_spoken: bool,
    evident: bool,
    /// The place of what waited while the server went on with an answer: evident, if a look that agrees with the one
    /// before finds it there still.
    goes_on: Option<u64>,
    /// What waited at the last peek, by its place.
    peeked: Option<u64>,
    pub acts: Vec<Act>,
}

impl Witness {
    pub fn new(tick: u64, eager: bool) -> Self {
        Self { world: World { tick, eager, ..World::default() }, ..Self::default() }
    }

    pub fn happen(&mut self, event: Event) {
        let (sent, read) = (self.world.sent, self.world.read);
        let first = !self.has_spoken && self.world.owes_plainly();
        self.world.happen(event);
        // It goes on with its answer although the next request waits, and clocks do not tie; what waits on a 100
        // Continue is a body.
        let goes_on = self.world.sent > sent && self.world.sent - sent != CONTINUE;
        if goes_on && self.peeked == Some(read) && self.world.spoke_tick > self.world.heard_tick {
            self.goes_on = self.peeked;
        }
        if self.world.read > read {
            self.has_spoken = false;
        }
        if self.world.sent > sent {
            self.has_spoken = true;
            self.told_continue = self.world.sent - sent == CONTINUE && self.base == Some(sent) && first;
        }
    }

    /// Looks, and does what is asked for. Gives what the connection counts as.
    pub fn look(&mut self, moments: Moments) -> Result<Option<Standing>, &'static str> {
        // What was read while the row was made, it does not show.
        let owed = self.world.owes_plainly();
        let seen = self.seen(moments.torn);
        let clear =
            seen.received.saturating_sub(seen.unread) <= self.world.read && seen.received == self.received;
        self.evident |= clear && self.goes_on == Some(self.world.read);
        let owes = owed && self.world.owes_plainly();
        let delivered = self.world.acknowledged == self.world.sent;
        let silence = self.world.now.saturating_sub(self.world.spoke_at);
        let tick = ms(self.world.tick);
        let asked = self.connection.look(&seen);
        if let Some(event) = moments.after {
            self.happen(event);
        }
        let mut next = asked;
        while let Some(act) = next {
            self.acts.push(act);
            next = self.act(act, &seen, moments.refused)?;
        }
        (self.base, self.received) = (Some(seen.sent), seen.received);
        let standing = self.connection.standing(&seen, Patience::Patient);
        if standing == Some(Standing::Idle) {
            law(!owes, "4: not at rest while the server owes")?;
            law(delivered, "4: not at rest before the answer is delivered")?;
            law(self.left != Some(seen.sent), "4: not at rest before the server speaks on what it was left")?;
            law(seen.sent == 0 || silence + tick > QUIET, "4: not at rest before it is quiet")?;
        }
        Ok(standing)
    }

    fn act(&mut self, act: Act, seen: &Seen, refused: bool) -> Result<Option<Act>, &'static str> {
        let stance = self.connection.stance();
        law(stance != Stance::Taken, "1: nothing after taken")?;
        match act {
            Act::Raise => {
                law(
                    stance == Stance::Open && seen.unread == 0 && !seen.half_closed,
                    "1: raise what is open",
                )?;
                let clear = self.world.said.len() as u64 == seen.received && self.world.unread() == 0;
                if clear && !refused && !self.world.finished {
                    self.world.mark = true;
                    self.connection.raised();
                }
            }
            Act::Lower => {
                let again = self.lowered_at.is_some_and(|lowered| self.world.now >= lowered + QUIET);
                let parked = self.world.mark || again;
                law(parked, "1: lower what is parked")?;
                law(matches!(stance, Stance::Open | Stance::Unknown), "1: what is lowered is not parked")?;
                // A client's end wakes the server as well, and a body that was asked for may never come.
                let continued = self.world.open().is_some_and(|open| open.continued);
                if self.peeked == Some(self.world.read) && !seen.half_closed && !continued {
                    self.left = Some(seen.sent);
                }
                self.lowered_at = Some(self.world.now);
                self.world.mark &= refused;
            }
            Act::Peek => {
                law(stance == Stance::Parked && seen.unread > 0, "1: peek at what waits on a parked one")?;
                let waiting = &self.world.said[usize::try_from(self.world.read).unwrap_or(usize::MAX)..];
                if refused || waiting.is_empty() {
                    self.peeked = None;
                    return Ok(None);
                }
                let what = FirstBytes::of(waiting);
                if matches!(what, FirstBytes::Request | FirstBytes::Part) {
                    self.peeked = Some(self.world.read);
                    // A part of one is released. Of a single row it cannot be told what was read before it was made.
                    let whole = what == FirstBytes::Request && !self.world.waits_for_rest();
                    let agreed = seen.received == self.received;
                    self.evident |= whole && agreed && self.world.owes_plainly();
                }
                return Ok(self.connection.peeked(what, self.world.read, seen));
            }
            Act::Take => {
                law(stance == Stance::Parked && seen.unread > 0, "1: take what waits on a parked one")?;
                let now = (self.world.read, self.world.sent);
                let delivered = self.world.acknowledged == self.world.sent;
                let can =
                    now == self.connection.settled() && delivered && self.world.unread() > 0 && !refused;
                self.connection.took(can);
                if can {
                    self.check_take()?;
                }
            }
        }
        Ok(None)
    }

    fn check_take(&self) -> Result<(), &'static str> {
        let World { sent, now, spoke_at, tick, .. } = self.world;
        law(!self.world.owes_plainly(), "2: not taken while the server owes")?;
        let silence = now.saturating_sub(spoke_at);
        law(sent == 0 || silence + ms(tick) > QUIET, "2: not taken before it is quiet")?;
        let tie = self.world.asked_tick == self.world.spoke_tick && silence + ms(tick) > TIE_QUIET;
        law(!self.evident || tie, "3: not taken of a connection that pipelines")?;
        let continues = self.world.open().is_some_and(|open| open.continued && open.pieces_said == 0);
        law(!(continues && self.told_continue), "2: not taken after a 100 Continue")
    }

    /// Nothing happens any more, but that the server reads what it is woken for; and looks.
    pub fn wait(&mut self, how_long: Duration, pace: u64) -> Result<Option<Standing>, &'static str> {
        let end = self.world.now + how_long;
        let mut standing = None;
        while self.world.now < end {
            if self.world.is_woken() && self.world.unread() > 0 {
                self.happen(Event::Serve);
            }
            self.happen(Event::Pass(pace));
            standing = self.look(Moments::default())?;
        }
        Ok(standing)
    }
}

pub fn law(holds: bool, law: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(law) }
}
