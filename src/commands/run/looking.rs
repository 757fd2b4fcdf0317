//! What is looked at when: often where it decides and costs little, rarely where it is dear.
use super::pace::{Begin, Share};
use super::parking::Parking;
use crate::drain::{Observation, Phase, Tally};
use crate::sockets::diag::Endings;
use crate::sockets::{Called, Look, Observer};
use std::time::Duration;

/// Arrivals and queues during the lame duck: about 60 µs each.
const LAME_DUCK_PACE: Duration = Duration::from_millis(10);
/// The accept queues of a closed gate, about 1 µs a listener, and one request in flight, about 4 µs. Decides how soon
/// the last one's end is noticed.
const QUEUE_PACE: Duration = Duration::from_micros(500);
/// The same where there are many connections: what decides then is a look at all of them, which is rarer by far, and waking
/// two thousand times a second for less takes a twentieth of a processor.
const CROWD_PACE: Duration = Duration::from_millis(2);
/// Connections while they do not decide, for the report.
const REPORT_PACE: Duration = Duration::from_millis(100);

/// The looks of a drain.
#[derive(Debug)]
pub struct Looking {
    /// What looks.
    pub observer: Observer,
    /// What was seen.
    pub tally: Tally,
    /// When the next look is due.
    due: Duration,
    /// When the next look at connections, and the next roll call, may be had at the earliest.
    affordable: Duration,
    roll_affordable: Duration,
    /// When a look at connections is due for the report alone.
    report_due: Duration,
    /// Tells when a connection ends, so that the last one's end is not waited for by polling.
    endings: Option<Endings>,
}

impl Looking {
    /// Begins to look.
    #[must_use]
    pub fn new(silent_grace: Duration) -> Self {
        Self {
            observer: Observer::open(silent_grace),
            tally: Tally::default(),
            due: Duration::ZERO,
            affordable: Duration::ZERO,
            roll_affordable: Duration::ZERO,
            report_due: Duration::ZERO,
            endings: None,
        }
    }

    /// When the next look is due.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.due
    }

    /// What makes the next look due before its time when it becomes readable: where one connection's end may be the last.
    #[must_use]
    pub fn endings(&self) -> Option<&Endings> {
        self.endings.as_ref().filter(|_| !self.observer.shows_a_crowd())
    }

    /// A connection has ended: look again as soon as the pause after the last look permits. Late arrivals end by the
    /// thousand.
    pub fn hurry(&mut self) {
        if let Some(endings) = &self.endings {
            endings.clear();
        }
        self.due = self.due.min(self.roll_affordable);
    }

    /// What matters from now on is whether anybody is left. Behind a gate that `stands` nobody new can come.
    pub fn gated(&mut self, stands: bool) {
        if stands {
            self.observer.gate_closed();
        }
        // Refused somewhere: then the pace has to do.
        self.endings = Endings::subscribe().ok();
        (self.due, self.affordable, self.report_due) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    }

    /// Looks, and gives what the drain should know now, if anything. Where the drain waits for requests, one that is
    /// still unread or in flight says enough. Every connection that is looked at goes through the parking.
    pub fn look(
        &mut self,
        now: Duration,
        phase: Phase,
        for_requests: bool,
        parking: &mut Parking,
    ) -> Option<Observation> {
        match phase {
            Phase::LameDuck => {
                let begin = Begin::now();
                let arrivals = self.observer.arrivals();
                self.due = Share::Lasting.again(now, begin.cost(), LAME_DUCK_PACE);
                if now >= self.report_due {
                    self.connections(now, parking);
                }
                Some(Observation { arrivals, ..Observation::default() })
            }
            Phase::Gated => {
                let begin = Begin::now();
                let (queue, _) = self.observer.queue();
                let cost = begin.cost();
                self.tally.observe_queue(queue);
                let decides = queue.is_none_or(|queue| queue == 0);
                if decides && now < self.report_due {
                    match self.call_roll(now, parking) {
                        Called::Everybody(look) => return Some(self.seen(look)),
                        // What is parked has to be looked at, too.
                        Called::SomeWork if for_requests && !parking.has_begun() => return None,
                        Called::SomeWork | Called::Unknown => {}
                    }
                }
                let due = if decides || parking.has_begun() { self.affordable } else { self.report_due };
                self.due = Share::Lasting.again(now, cost, self.pace());
                if now < due {
                    self.due = self.due.min(due);
                    return None;
                }
                Some(self.connections(now, parking))
            }
            Phase::Serving | Phase::Stopping | Phase::Exited => None,
        }
    }

    /// Asks for those whom the last look showed, as long as nobody can have joined them.
    fn call_roll(&mut self, now: Duration, parking: &mut Parking) -> Called {
        let begin = Begin::now();
        parking.begin_look(now);
        let called = self
            .observer
            .call_roll_with(&mut |row, counters, standing| parking.judge(row, counters, standing));
        if matches!(called, Called::Everybody(_)) {
            parking.all_shown();
        }
        let cost = begin.cost();
        self.roll_affordable = Share::Lasting.again(now, cost, Duration::ZERO);
        self.due = Share::Lasting.again(now, cost, self.pace());
        called
    }

    fn pace(&self) -> Duration {
        if self.observer.shows_a_crowd() { CROWD_PACE } else { QUEUE_PACE }
    }

    fn connections(&mut self, now: Duration, parking: &mut Parking) -> Observation {
        let begin = Begin::now();
        parking.begin_look(now);
        let look =
            self.observer.look_with(&mut |row, counters, standing| parking.judge(row, counters, standing));
        parking.end_look();
        let (cost, share) = (begin.cost(), parking.share());
        self.affordable = share.again(now, cost, Duration::ZERO);
        self.report_due = share.again(now, cost, REPORT_PACE);
        self.seen(look)
    }

    fn seen(&mut self, look: Look) -> Observation {
        let seen = observation(look);
        self.tally.observe(seen);
        seen
    }
}

fn observation(look: Look) -> Observation {
    let Look { queue, half_open, unread, in_flight, silent, idle, unknown } = look;
    Observation { arrivals: None, queue, half_open, unread, in_flight, silent, idle, unknown }
}
