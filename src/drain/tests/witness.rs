//! The laws of a drain, written down a second time: from what has happened, without the machine's own reckoning.
//!
//! Order
//! 1. Nothing is done before the stop signal, nor once the server is gone.
//! 2. `PrepareGate` comes first and once, with the stop signal; then `CloseGate`, then `Forward`, then `Kill`, each
//!    at most once and none before the one before it.
//! 3. Phases never go back, and tell what was done.
//!
//! Not too early
//!
//! 4. The gate stays open for the least lame duck, and then until it has settled or `settle_timeout` is over; what the
//!    endpoints tell moves both, as `open_time` says; unless it is hurried (by a second signal), unannounced, at the
//!    limit, or at the drain's share of a time that is known.
//! 5. The signal is forwarded as `Drained` only upon a look, since the gate, that has nothing left; as `TimedOut`
//!    only at the limit; as `Skipped` only when hurried.
//! 6. The server is killed only `kill_after` after the forward. The rest is answered before the forward only when the
//!    stop is unannounced, a second after it, behind the gate and once.
//!
//! Not too late: when stepped at that time
//!
//! 7. The gate closes when it may by law 4, and the signal is forwarded when it may by law 5.
//! 8. The server is killed `kill_after` after the forward, and the rest of an unannounced stop answered after its second.
//! 9. While the drain waits for something, `wake_at` lies after the last step, and never after the limit or the kill.
use super::super::{Action, Condition, Drain, Endpoints, Event, Observation, Outcome, Phase, Policy};
use std::time::Duration;

/// A drain under observation. A step gives the law that it broke.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "what has happened, each by itself")]
pub struct Witness {
    pub drain: Drain,
    policy: Policy,
    stopped: Option<Duration>,
    gated: Option<Duration>,
    forwarded: Option<Duration>,
    killed: bool,
    exited: bool,
    rest_taken: bool,
    unannounced: bool,
    deadline_told: bool,
    /// What the endpoints were told to be.
    endpoints: Vec<(Duration, Endpoints)>,
    /// The arrivals that the looks of the lame duck showed.
    arrivals: Vec<(Duration, Option<u64>)>,
}

impl Witness {
    pub fn new(policy: Policy) -> Self {
        Self {
            drain: Drain::new(policy.clone()),
            policy,
            stopped: None,
            gated: None,
            forwarded: None,
            killed: false,
            exited: false,
            rest_taken: false,
            unannounced: false,
            deadline_told: false,
            endpoints: vec![(Duration::ZERO, Endpoints::Unknown)],
            arrivals: Vec::new(),
        }
    }

    pub fn step(&mut self, now: Duration, event: Event) -> Result<(), &'static str> {
        let before = self.drain.phase();
        let actions = self.drain.step(now, event);
        self.remember(now, event);
        let first_stop = self.stopped.is_none() && !self.exited && event == Event::StopSignal;
        self.exited |= event == Event::Exited;
        if first_stop {
            self.stopped = Some(now);
        }
        let (Some(stopped), false) = (self.stopped, self.exited) else {
            law(actions.is_empty(), "1: nothing before the stop signal nor after the exit")?;
            return self.check_phase(before);
        };
        if let (Event::Observed(seen), None) = (event, self.gated) {
            self.arrivals.push((now, seen.arrivals));
        }

        // What may be done now, and so must be.
        let hurried = matches!(event, Event::StopSignal | Event::Skip) && !first_stop;
        let limited = now >= stopped.saturating_add(self.limit());
        let may_close = hurried || limited || self.unannounced || self.has_settled(stopped, now);
        let drained = matches!((event, self.gated), (Event::Observed(seen), Some(gated))
            if self.nothing_left(seen, now.saturating_sub(gated)));

        for (index, action) in actions.iter().enumerate() {
            match action {
                Action::PrepareGate => law(first_stop && index == 0, "2: prepare first and once")?,
                Action::CloseGate => {
                    law(self.gated.is_none() && self.forwarded.is_none(), "2: close once")?;
                    law(may_close, "4: close not too early")?;
                    self.gated = Some(now);
                }
                Action::AnswerTheRest => {
                    law(self.gated.is_some() && self.forwarded.is_none(), "6: the rest behind the gate")?;
                    law(!self.rest_taken && self.rest_due(now), "6: the rest once, and not too early")?;
                    self.rest_taken = true;
                }
                Action::Forward(outcome) => {
                    law(self.gated.is_some() && self.forwarded.is_none(), "2: forward once, gated")?;
                    let may = match outcome {
                        Outcome::Drained => drained,
                        Outcome::TimedOut => limited && !drained,
                        Outcome::Skipped => hurried,
                        Outcome::ServerExited => false,
                    };
                    law(may, "5: forward not too early, and for a reason")?;
                    self.forwarded = Some(now);
                }
                Action::Kill => {
                    law(!self.killed, "2: kill once")?;
                    law(self.may_kill(now), "6: kill not too early")?;
                    self.killed = true;
                }
            }
        }
        law(first_stop == actions.contains(&Action::PrepareGate), "2: prepare with the stop signal")?;
        law(self.gated.is_some() || !may_close, "7: close not too late")?;
        law(self.forwarded.is_some() || !(hurried || limited || drained), "7: forward not too late")?;
        law(self.killed || !self.may_kill(now), "8: kill not too late")?;
        let waits = self.gated.is_some() && self.forwarded.is_none();
        law(self.rest_taken || !waits || !self.rest_due(now), "8: the rest not too late")?;
        self.check_wake_at(now, stopped)?;
        self.check_phase(before)
    }

    /// Whether there is nothing more to come but the server's exit.
    pub fn is_over(&self) -> bool {
        self.exited || self.killed
    }

    fn remember(&mut self, now: Duration, event: Event) {
        match event {
            Event::Endpoints(endpoints) => self.endpoints.push((now, endpoints)),
            Event::Deadline(deadline) => {
                self.policy.deadline = Some(deadline);
                self.deadline_told = true;
            }
            Event::Propagation(propagation) => self.policy.propagation = propagation,
            Event::Unannounced => self.unannounced = true,
            _ => {}
        }
    }

    fn rest_due(&self, now: Duration) -> bool {
        let second = Duration::from_secs(1);
        self.unannounced && self.stopped.is_some_and(|stopped| now >= stopped.saturating_add(second))
    }

    fn limit(&self) -> Duration {
        let before = self.policy.deadline.unwrap_or(Duration::MAX).saturating_sub(self.policy.reserve);
        if self.policy.deadline.is_some() { before.min(self.policy.timeout) } else { self.policy.timeout }
    }

    /// What the endpoints are, and since when they have been told to be nothing else.
    fn endpoints(&self) -> (Endpoints, Duration) {
        let (_, now) = self.endpoints[self.endpoints.len() - 1];
        let same = self.endpoints.iter().rev().take_while(|(_, told)| *told == now);
        (now, same.map(|(at, _)| *at).min().unwrap_or_default())
    }

    /// The least time, and the longest, for which the gate is open.
    fn open_time(&self, stopped: Duration) -> (Duration, Duration) {
        let Policy { lame_duck, unseen_lame_duck, settle, settle_timeout, propagation, .. } = self.policy;
        let least = stopped.saturating_add(lame_duck);
        let unseen = stopped.saturating_add(lame_duck.max(unseen_lame_duck));
        let (endpoints, since) = self.endpoints();
        match endpoints {
            Endpoints::Unknown => (unseen, unseen.saturating_add(settle_timeout)),
            Endpoints::NotSelected => (least, least.saturating_add(settle.min(settle_timeout))),
            Endpoints::Offered => {
                (unseen.saturating_add(settle_timeout), unseen.saturating_add(settle_timeout))
            }
            Endpoints::Alone => (Duration::MAX, Duration::MAX),
            Endpoints::Withdrawn => {
                let seen = since.saturating_add(propagation).max(least);
                (seen, seen.saturating_add(settle_timeout))
            }
        }
    }

    fn has_settled(&self, stopped: Duration, now: Duration) -> bool {
        let settle = self.policy.settle;
        let (least, latest) = self.open_time(stopped);
        let quiet = self.arrivals.iter().enumerate().any(|(index, (at, seen))| {
            at.saturating_add(settle) <= now
                && seen.is_some()
                && self.arrivals[index..].iter().all(|(_, later)| later == seen)
        });
        let settled = now >= least && (quiet || settle.is_zero() || now >= latest);
        // The drain's share of a time that is known.
        let limit = stopped.saturating_add(self.limit());
        let share = self.policy.reserve.min(limit.saturating_sub(stopped) / 2);
        let known = self.deadline_told || self.endpoints().0 != Endpoints::Unknown;
        settled || known && now >= limit.saturating_sub(share)
    }

    fn nothing_left(&self, seen: Observation, since_gate: Duration) -> bool {
        let waits = |condition, figure: Option<u32>| {
            self.policy.wait_for.contains(&condition) && figure.is_some_and(|figure| figure > 0)
        };
        let in_flight_waits = self.policy.in_flight_timeout.is_none_or(|timeout| since_gate < timeout);
        !(waits(Condition::Queue, seen.queue)
            || waits(Condition::Unread, seen.unread)
            || waits(Condition::Silent, seen.silent)
            || waits(Condition::HalfOpen, seen.half_open) && since_gate < self.policy.silent_grace
            || waits(Condition::InFlight, seen.in_flight) && in_flight_waits)
    }

    fn may_kill(&self, now: Duration) -> bool {
        self.forwarded.is_some_and(|forwarded| now >= forwarded.saturating_add(self.policy.kill_after))
    }

    fn check_wake_at(&self, now: Duration, stopped: Duration) -> Result<(), &'static str> {
        let latest = match self.forwarded {
            _ if self.killed => return law(self.drain.wake_at().is_none(), "9: nothing after the kill"),
            Some(forwarded) => forwarded.saturating_add(self.policy.kill_after),
            None => stopped.saturating_add(self.limit()),
        };
        let wake_at = self.drain.wake_at();
        law(wake_at.is_some_and(|wake_at| wake_at > now), "9: wake after the last step")?;
        law(wake_at.is_some_and(|wake_at| wake_at <= latest), "9: wake in time")
    }

    fn check_phase(&self, before: Phase) -> Result<(), &'static str> {
        let told = match (self.exited, self.stopped, self.gated, self.forwarded) {
            (true, ..) => Phase::Exited,
            (_, None, ..) => Phase::Serving,
            (.., None, None) => Phase::LameDuck,
            (.., None) => Phase::Gated,
            (.., Some(_)) => Phase::Stopping,
        };
        let phase = self.drain.phase();
        law(phase == told && phase >= before, "3: phases tell what was done and never go back")
    }
}

fn law(holds: bool, law: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(law) }
}
