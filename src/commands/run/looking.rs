//! What is looked at when: often where it decides and costs little, rarely where it is dear.
use crate::drain::{Observation, Phase, Tally};
use crate::sockets::diag::Endings;
use crate::sockets::{Look, Observer};
use std::time::{Duration, Instant};

/// Arrivals and queues during the lame duck: about 60 µs each.
const LAME_DUCK_PACE: Duration = Duration::from_millis(10);
/// The accept queues of a closed gate, about 1 µs a listener, and one request in flight, about 4 µs. Decides how soon
/// the last one's end is noticed.
const QUEUE_PACE: Duration = Duration::from_micros(500);
/// Connections while they do not decide, for the report.
const REPORT_PACE: Duration = Duration::from_millis(100);
/// A look at connections walks the node's whole table: it is followed by a pause of so many times its cost.
const PAUSE_PER_COST: u32 = 3;

/// The looks of a drain.
#[derive(Debug)]
pub struct Looking {
    /// What looks.
    pub observer: Observer,
    /// What was seen.
    pub tally: Tally,
    /// When the next look is due.
    due: Duration,
    /// When the next look at connections may be had at the earliest, and when it is due for the report alone.
    affordable: Duration,
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
            report_due: Duration::ZERO,
            endings: None,
        }
    }

    /// When the next look is due.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.due
    }

    /// What makes the next look due before its time when it becomes readable.
    #[must_use]
    pub fn endings(&self) -> Option<&Endings> {
        self.endings.as_ref()
    }

    /// A connection has ended: look now, at everything as soon as the pause after the last such look permits.
    pub fn hurry(&mut self) {
        if let Some(endings) = &self.endings {
            endings.clear();
        }
        self.due = Duration::ZERO;
    }

    /// The gate is closed: what arrives now is no longer the server's.
    pub fn gate_closed(&mut self) {
        self.observer.gate_closed();
        // Refused somewhere: then the pace has to do.
        self.endings = Endings::subscribe().ok();
        (self.due, self.affordable, self.report_due) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    }

    /// Looks, and gives what the drain should know now, if anything. Where the drain waits for requests, one that is
    /// still in flight says enough.
    pub fn look(&mut self, now: Duration, phase: Phase, for_requests: bool) -> Option<Observation> {
        match phase {
            Phase::LameDuck => {
                self.due = now + LAME_DUCK_PACE;
                if now >= self.report_due {
                    self.connections(now);
                }
                Some(Observation { arrivals: self.observer.arrivals(), ..Observation::default() })
            }
            Phase::Gated => {
                let (queue, _) = self.observer.queue();
                self.tally.observe_queue(queue);
                let decides = queue.is_none_or(|queue| queue == 0)
                    && !(for_requests && self.observer.still_in_flight());
                let due = if decides { self.affordable } else { self.report_due };
                if now < due {
                    self.due = due.min(now + QUEUE_PACE);
                    return None;
                }
                self.due = now + QUEUE_PACE;
                Some(self.connections(now))
            }
            Phase::Serving | Phase::Stopping | Phase::Exited => None,
        }
    }

    fn connections(&mut self, now: Duration) -> Observation {
        let begin = Instant::now();
        let seen = observation(self.observer.look());
        let cost = begin.elapsed();
        self.affordable = now + cost + cost * PAUSE_PER_COST;
        self.report_due = self.affordable.max(now + REPORT_PACE);
        self.tally.observe(seen);
        seen
    }
}

fn observation(look: Look) -> Observation {
    let Look { queue, half_open, unread, in_flight, silent, idle } = look;
    Observation { arrivals: None, queue, half_open, unread, in_flight, silent, idle }
}
