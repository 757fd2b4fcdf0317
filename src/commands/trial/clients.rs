//! The clients of one column: those that come with new connections, those that keep theirs alive, or both.
use super::pace::Pace;
use super::plan::Trial;
use super::program::Program;
use super::report::{Fate, KeptAliveReport};
use super::trouble::Trouble;
use crate::load::{Class, KeptAlive, Load, Now, Outcome, Tally, UnderWay};
use crate::sockets::Address;
use std::time::{Duration, Instant};

/// Clients at work. Dropping them ends every connection.
#[derive(Debug)]
pub struct Clients {
    new: Option<New>,
    kept_alive: Option<UnderWay>,
    /// How many of them keep their connection.
    keeping: usize,
}

/// Who makes the new connections.
#[derive(Debug)]
enum New {
    Ours(UnderWay),
    Of(Program),
}

/// How both kinds stood, at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    new: (Duration, Now),
    kept_alive: (Duration, Now),
}

impl Clients {
    /// Starts the clients of `target`; the new ones only when there is a `pace`.
    ///
    /// # Errors
    /// When they are a program that cannot be started.
    pub async fn start(trial: &Trial, target: &Address, pace: Option<Pace>) -> Result<Self, Trouble> {
        let kept_alive = trial.kept_alive(target);
        let keeping = kept_alive.as_ref().map_or(0, |plan| plan.clients);
        let new = match (pace, &trial.client) {
            (None, _) => None,
            (Some(Pace { rate, .. }), None) => Some(New::Ours(Load::start(trial.load(target, rate)))),
            (Some(_), Some(program)) => Some(New::Of(Program::start(program, &trial.surroundings).await?)),
        };
        Ok(Self { new, kept_alive: kept_alive.map(KeptAlive::start), keeping })
    }

    /// The process that makes new connections, when that is not this one.
    pub fn process(&self) -> Option<i32> {
        match &self.new {
            Some(New::Of(program)) => Some(program.pid()),
            _ => None,
        }
    }

    /// How both kinds stand.
    pub fn mark(&self) -> Mark {
        let none = (Duration::ZERO, Now::default());
        let new = match &self.new {
            Some(New::Ours(load)) => Some(load),
            Some(New::Of(program)) => program.load(),
            None => None,
        };
        Mark {
            new: new.map_or(none, |load| (load.elapsed(), load.now())),
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
    ///
    /// # Errors
    /// When they are a program that has not done its work.
    pub async fn finish(
        self,
        limit: Duration,
        stop: Mark,
    ) -> Result<(Fate, Option<KeptAliveReport>), Trouble> {
        let start = Instant::now();
        if let Some(kept_alive) = &self.kept_alive {
            kept_alive.stop();
        }
        let new = match self.new {
            Some(New::Ours(load)) => load.finish(limit).await,
            Some(New::Of(program)) => program.finish(limit).await?,
            None => Vec::new(),
        };
        let kept_alive = match self.kept_alive {
            Some(load) => {
                let fate = fate(&load.finish(limit.saturating_sub(start.elapsed())).await, stop.kept_alive);
                Some(KeptAliveReport { clients: self.keeping, requests: fate.tally.tried, fate })
            }
            None => None,
        };
        Ok((fate(&new, stop.new), kept_alive))
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
