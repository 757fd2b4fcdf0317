//! The options made into a trial: its columns, its load, its bounds. Nothing has been started yet.
use super::built_in::BuiltIn;
use super::columns::{Column, columns};
use super::demo::SLOW_PATH;
use super::pace::Pace;
use super::server::Surroundings;
use super::target;
use super::trouble::Trouble;
use crate::cli::TrialArgs;
use crate::cli::trial::values::Rate;
use crate::cli::trial::{ClientArgs, Clients};
use crate::load::{Body, Framing, KeptAlivePlan, Plan, Slow, at_once};
use crate::sockets::Address;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

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
    /// Bound on the server's start, until it answers.
    pub start_limit: Duration,
    /// The stop signal.
    pub stop_signal: Signal,
    /// Where the server answers, when the user has said so.
    pub targets: Option<Vec<Address>>,
    /// Where and with what it is started.
    pub surroundings: Surroundings,
    /// What it is asked for to see that it is ready; else what the clients ask for.
    pub ready_path: Option<String>,
    /// The program that makes the new connections, when the load engine does not.
    pub client: Option<Vec<OsString>>,
    /// Whether the server's output is passed on.
    pub verbose: bool,
    /// Which kinds of clients there are.
    pub clients: Clients,
    /// The new clients, but for their target and rate, which the server decides.
    load: Plan,
    /// The kept-alive ones, but for their target.
    kept_alive: KeptAlivePlan,
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
            None => args.command.clone(),
        };
        let targets = args.url.as_ref().map(target::of_url).transpose()?;
        let slow = slow_path(&args, built_in.is_some())?;
        let files = at_once();
        let kept_alive = if args.clients.clients.keep_alive() { args.clients.kept_alive } else { 0 };
        if args.clients.clients == Clients::New
            && (args.clients.body.is_some() || args.clients.pipeline.get() > 1)
        {
            return Err(Trouble::NoKeptAlive);
        }
        if kept_alive >= files {
            return Err(Trouble::TooManyClients { clients: kept_alive, files });
        }
        let load = Plan {
            target: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into(),
            rate: 1.0,
            // With a URL its authority; else each column's address.
            host: args.url.as_ref().map_or(String::new(), ToString::to_string),
            path: args.url.map_or(args.path, |url| url.path),
            slow,
            pause: args.pause,
            client_timeout: args.client_timeout,
            at_once: files - kept_alive,
        };
        Ok(Self {
            columns: columns(args.only, args.supervisor, &myself, &command, args.stop_signal),
            built_in,
            command,
            rate: args.rate,
            before: args.before,
            limit: args.limit,
            start_limit: args.start_limit,
            stop_signal: args.stop_signal,
            targets,
            surroundings: Surroundings::default(),
            ready_path: None,
            client: None,
            verbose: args.verbose,
            clients: args.clients.clients,
            kept_alive: kept_alive_clients(&args.clients, &load),
            load,
        })
    }

    /// The new clients of `target`, at `rate`.
    pub fn load(&self, target: &Address, rate: f64) -> Plan {
        Plan { target: target.clone(), rate, host: self.host(target), ..self.load.clone() }
    }

    /// The kept-alive clients of `target`, when there are any.
    pub fn kept_alive(&self, target: &Address) -> Option<KeptAlivePlan> {
        let host = || self.host(target);
        let plan = || KeptAlivePlan { target: target.clone(), host: host(), ..self.kept_alive.clone() };
        self.clients.keep_alive().then(plan)
    }

    fn host(&self, target: &Address) -> String {
        match target {
            _ if !self.load.host.is_empty() => self.load.host.clone(),
            Address::Tcp(address) => address.to_string(),
            Address::Unix(_) => "localhost".to_owned(),
        }
    }

    /// The rate of new clients, when there are any and it needs no measuring.
    pub fn known_pace(&self) -> Option<Pace> {
        if !self.clients.come_new() {
            return None;
        }
        let capacity = self.built_in.map(|server| server.capacity());
        match (self.rate, capacity) {
            (Rate::PerSecond(rate), capacity) => Some(Pace { rate, capacity }),
            (Rate::Auto, Some(capacity)) => Some(Pace::above(capacity)),
            (Rate::Auto, None) => None,
        }
    }
}

/// The slow part of the mix.
fn slow_path(args: &TrialArgs, built_in: bool) -> Result<Option<Slow>, Trouble> {
    let Some(every) = args.slow_every else { return Ok(None) };
    let known = built_in.then(|| SLOW_PATH.to_owned());
    let path = args.slow_path.clone().or(known).ok_or(Trouble::NoSlowPath)?;
    Ok(Some(Slow { every, path }))
}

/// The kept-alive clients, who ask for the same as the new ones do.
fn kept_alive_clients(args: &ClientArgs, load: &Plan) -> KeptAlivePlan {
    let framing = if args.body_chunked { Framing::Chunked } else { Framing::Length };
    let (pieces, pause, expect_continue) = (args.body_pieces, args.body_pause, args.body_expect);
    KeptAlivePlan {
        target: load.target.clone(),
        clients: args.kept_alive,
        think: args.think,
        host: load.host.clone(),
        path: load.path.clone(),
        slow: load.slow.clone(),
        body: args.body.map(|length| Body { length, pieces, pause, framing, expect_continue }),
        pipeline: args.pipeline,
        client_timeout: load.client_timeout,
    }
}
