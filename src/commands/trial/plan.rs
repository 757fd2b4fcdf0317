//! The options made into a trial: its columns, its load, its bounds. Nothing has been started yet.
use super::demo::SLOW_PATH;
use super::listening::Look;
use super::target;
use super::trouble::Trouble;
use crate::cli::TrialArgs;
use crate::cli::trial::Only;
use crate::cli::trial::values::{Rate, Supervisor};
use crate::load::{Plan, Slow, at_once};
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

/// The load is this many times what the server can do, so that its backlog never empties.
const OVERLOAD: f64 = 1.3;
/// The highest rate that is chosen without being asked for, in connections a second: the client shares
/// the machine with the server.
const HIGHEST_AUTO: f64 = 1000.0;

/// A trial.
#[derive(Debug)]
pub struct Trial {
    /// What is tried, in this order.
    pub columns: Vec<Column>,
    /// None when the command is the user's own.
    pub built_in: Option<BuiltIn>,
    /// The server's command.
    pub command: Vec<OsString>,
    /// As asked for.
    pub rate: Rate,
    /// Load before the stop signal.
    pub before: Duration,
    /// Bound on everything after it.
    pub limit: Duration,
    /// The stop signal.
    pub stop_signal: Signal,
    /// Where the server answers, when the user has said so.
    pub targets: Option<Vec<SocketAddr>>,
    /// Whether the server's output is passed on.
    pub verbose: bool,
    /// The load, but for its target and rate, which the server decides.
    load: Plan,
}

/// The built-in server.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its processes.
    pub workers: u16,
    /// How long a request takes.
    pub work: Duration,
    /// How long a slow request takes, and that every n-th is one.
    pub slow: Option<(NonZeroU64, Duration)>,
}

/// One way to run the server.
#[derive(Debug)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it is lameduck's: the one that the exit status is about.
    pub lameduck: bool,
    /// What is started.
    pub command: Vec<OsString>,
    /// Where its listeners are.
    pub look: Look,
}

/// A rate, and how it came about.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// New connections a second.
    pub rate: f64,
    /// What the server can do, in answers a second, where that is known.
    pub capacity: Option<f64>,
}

impl Trial {
    /// Makes the trial.
    ///
    /// # Errors
    /// When the options do not go together, or the URL leads elsewhere.
    pub fn new(args: TrialArgs) -> Result<Self, Trouble> {
        let myself = std::env::current_exe().map_err(Trouble::machine("cannot find my own executable"))?;
        let built_in = args.command.is_empty().then_some(BuiltIn {
            workers: args.workers,
            work: args.work,
            slow: args.slow_every.map(|every| (every, args.slow_work)),
        });
        let command = match &built_in {
            Some(server) => server.command(&myself, args.slow_work),
            None => args.command,
        };
        let targets = args.url.as_ref().map(target::of_url).transpose()?;
        let slow = match (args.slow_every, args.slow_path, &built_in) {
            (None, ..) => None,
            (Some(every), Some(path), _) => Some(Slow { every, path }),
            (Some(every), None, Some(_)) => Some(Slow { every, path: SLOW_PATH.to_owned() }),
            (Some(_), None, None) => return Err(Trouble::NoSlowPath),
        };
        let load = Plan {
            target: (Ipv4Addr::LOCALHOST, 0).into(),
            rate: 1.0,
            // With a URL its authority; else each column's address.
            host: args.url.as_ref().map_or(String::new(), ToString::to_string),
            path: args.url.map_or(args.path, |url| url.path),
            slow,
            pause: args.pause,
            client_timeout: args.client_timeout,
            at_once: at_once(),
        };
        Ok(Self {
            columns: columns(args.only, args.supervisor, &myself, &command),
            built_in,
            command,
            rate: args.rate,
            before: args.before,
            limit: args.limit,
            stop_signal: args.stop_signal,
            targets,
            verbose: args.verbose,
            load,
        })
    }

    /// The load on `target`, at `rate`.
    pub fn load(&self, target: SocketAddr, rate: f64) -> Plan {
        let host = if self.load.host.is_empty() { target.to_string() } else { self.load.host.clone() };
        Plan { target, rate, host, ..self.load.clone() }
    }

    /// The rate, when it needs no measuring.
    pub fn known_pace(&self) -> Option<Pace> {
        let capacity = self.built_in.map(|server| server.capacity());
        match (self.rate, capacity) {
            (Rate::PerSecond(rate), capacity) => Some(Pace { rate, capacity }),
            (Rate::Auto, Some(capacity)) => Some(Pace::above(capacity)),
            (Rate::Auto, None) => None,
        }
    }
}

impl Pace {
    /// The rate that keeps a server of this capacity busy, within bounds.
    pub fn above(capacity: f64) -> Self {
        Self { rate: (OVERLOAD * capacity).min(HIGHEST_AUTO), capacity: Some(capacity) }
    }

    /// Whether the server may catch up with the load.
    pub fn may_empty(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.rate <= capacity)
    }
}

impl BuiltIn {
    /// Requests a second: the workers do nothing but wait, one request each.
    fn capacity(&self) -> f64 {
        let mean = match self.slow {
            #[allow(clippy::cast_precision_loss)] // exact up to 2^53
            Some((every, slow)) => {
                let every = every.get() as f64;
                (self.work.as_secs_f64() * (every - 1.0) + slow.as_secs_f64()) / every
            }
            None => self.work.as_secs_f64(),
        };
        // No work at all is no limit: the highest rate is then taken.
        f64::from(self.workers) / mean.max(1e-9)
    }

    fn command(&self, myself: &Path, slow_work: Duration) -> Vec<OsString> {
        let time = |duration| humantime::format_duration(duration).to_string();
        let options =
            ["--workers", &self.workers.to_string(), "--work", &time(self.work)].map(OsString::from);
        let slow = ["--slow-work", &time(slow_work)].map(OsString::from);
        [myself.into(), "trial-server".into()].into_iter().chain(options).chain(slow).collect()
    }
}

/// Plain first and lameduck last, other supervisors in between.
fn columns(only: Option<Only>, others: Vec<Supervisor>, myself: &Path, command: &[OsString]) -> Vec<Column> {
    let column = |name: &str, lameduck, look, supervisor: Vec<OsString>| Column {
        name: name.to_owned(),
        lameduck,
        look,
        command: supervisor.into_iter().chain(command.iter().cloned()).collect(),
    };
    let plain = (only != Some(Only::Lameduck)).then(|| column("plain", false, Look::Itself, vec![]));
    let others = others.into_iter().map(|Supervisor(words)| {
        let name = Path::new(&words[0])
            .file_name()
            .map_or_else(|| words[0].clone(), |name| name.display().to_string());
        column(&name, false, Look::Itself, words.into_iter().map(OsString::from).collect())
    });
    let lameduck = (only != Some(Only::Plain))
        .then(|| column("lameduck", true, Look::Below, vec![myself.into(), "run".into(), "--".into()]));
    plain.into_iter().chain(others).chain(lameduck).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_above_the_capacity_until_it_is_capped() {
        let server = BuiltIn { workers: 2, work: Duration::from_millis(20), slow: None };
        let pace = Pace::above(server.capacity());
        assert!((pace.rate - 130.0).abs() < 1e-6 && !pace.may_empty(), "{pace:?}");

        let fast = Pace::above(5000.0);
        assert!((fast.rate - 1000.0).abs() < 1e-6 && fast.may_empty(), "{fast:?}");

        let idle = BuiltIn { work: Duration::ZERO, ..server };
        assert!(Pace::above(idle.capacity()).rate.is_finite());
    }

    #[test]
    fn slow_requests_lower_the_capacity() {
        let slow = NonZeroU64::new(10).map(|every| (every, Duration::from_millis(200)));
        let server = BuiltIn { workers: 1, work: Duration::from_millis(20), slow };
        assert!((server.capacity() - 1.0 / 0.038).abs() < 1e-6, "{}", server.capacity());
    }
}
