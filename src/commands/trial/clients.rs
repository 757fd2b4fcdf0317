//! The clients of one column: those that come with new connections, those that keep theirs alive, or both.
use super::plan::{Pace, Trial};
use super::report::{Fate, KeptAliveReport};
use crate::load::{Class, KeptAlive, Load, Now, Outcome, Tally, UnderWay};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Clients at work. Dropping them ends every connection.
#[derive(Debug)]
pub struct Clients {
    new: Option<UnderWay>,
    kept_alive: Option<UnderWay>,
    /// How many of them keep their connection.
    keeping: usize,
}

/// How both kinds stood, at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    new: (Duration, Now),
    kept_alive: (Duration, Now),
}

impl Clients {
    /// Starts the clients of `target`; the new ones only when there is a `pace`.
    pub fn start(trial: &Trial, target: SocketAddr, pace: Option<Pace>) -> Self {
        let kept_alive = trial.kept_alive(target);
        let keeping = kept_alive.as_ref().map_or(0, |plan| plan.clients);
        let new = pace.map(|pace| Load::start(trial.load(target, pace.rate)));
        Self { new, kept_alive: kept_alive.map(KeptAlive::start), keeping }
    }

    /// How both kinds stand.
    pub fn mark(&self) -> Mark {
        let none = (Duration::ZERO, Now::default());
        Mark {
            new: self.new.as_ref().map_or(none, |load| (load.elapsed(), load.now())),
            kept_alive: self.kept_alive.as_ref().map_or(none, |load| (load.elapsed(), load.now())),
        }
    }

    /// How they stand together.
    pub fn now(&self) -> Now {
        let Mark { new: (_, new), kept_alive: (_, kept_alive) } = self.mark();
        Now {
            unanswered: new.unanswered + kept_alive.unanswered,
            open: new.open + kept_alive.open,
            answered: new.answered + kept_alive.answered,
            lost: new.lost + kept_alive.lost,
        }
    }

    /// Stops them, waits at most `limit` for what is open, and tells what became of everything. `stop` is how they stood
    /// at the stop signal.
    pub async fn finish(self, limit: Duration, stop: Mark) -> (Fate, Option<KeptAliveReport>) {
        let start = Instant::now();
        if let Some(kept_alive) = &self.kept_alive {
            kept_alive.stop();
        }
        let new = match self.new {
            Some(load) => load.finish(limit).await,
            None => Vec::new(),
        };
        let kept_alive = match self.kept_alive {
            Some(load) => {
                let fate = fate(&load.finish(limit.saturating_sub(start.elapsed())).await, stop.kept_alive);
                Some(KeptAliveReport { clients: self.keeping, requests: fate.tally.tried, fate })
            }
            None => None,
        };
        (fate(&new, stop.new), kept_alive)
    }
}

fn fate(outcomes: &[Outcome], (stop, at_stop): (Duration, Now)) -> Fate {
    let before = |one: &&Outcome| one.verdict.class() == Class::Lost && one.ended < stop;
    Fate {
        tally: Tally::of(outcomes),
        lost_before_stop: outcomes.iter().filter(before).count(),
        unanswered_at_stop: at_stop.unanswered,
    }
}
