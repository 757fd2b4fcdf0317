//! What each way of running lameduck would come to hold, and by what it would keep new connections away.
use super::finding::Finding;
use super::promise::{Capture, Gate, Way};
use super::server::{self, Server};
use super::{holding, reach};
use crate::cli::{DoctorArgs, DoctorWay, GateChoice, SocketArgs, WaitArgs};
use crate::commands::run::choosing;
use crate::commands::run::starting;

/// What was tried of one way, and what it would take.
#[derive(Debug)]
pub struct Tried {
    /// What each trial has shown.
    pub findings: Vec<Finding>,
    /// How the server's listeners would be held.
    pub capture: Capture,
    /// What would keep new connections away.
    pub gate: Gate,
    /// Open connections can be duplicated.
    pub reaches_connections: bool,
    /// Whoever drains ends with the server's first process.
    pub ends_with_the_server: bool,
}

impl From<DoctorWay> for Way {
    fn from(way: DoctorWay) -> Self {
        match way {
            DoctorWay::Run => Self::Run,
            DoctorWay::Wait => Self::Wait,
            DoctorWay::Sidecar => Self::Sidecar,
        }
    }
}

impl Tried {
    /// Tries what belongs to this way; `diverts`: a second socket, a program and a switch work here.
    pub fn of(args: &DoctorArgs, diverts: bool) -> Self {
        let options = &args.hook;
        let refuses = choosing::refuses(&options.sockets, &options.late_arrivals, choosing::in_kubernetes())
            == Ok(true);
        let mut tried = match args.way {
            DoctorWay::Run => Self::of_run(&options.sockets, diverts),
            DoctorWay::Wait => Self::of_wait(args, diverts),
            DoctorWay::Sidecar => Self::of_sidecar(&options.sockets, refuses, diverts),
        };
        match options.sockets.gate {
            GateChoice::None => tried.gate = Gate::None,
            _ if refuses => tried.gate = Gate::Refuse,
            GateChoice::Refuse => tried.gate = Gate::None,
            GateChoice::Auto | GateChoice::Divert => {}
        }
        tried
    }

    fn of_run(options: &SocketArgs, diverts: bool) -> Self {
        let (getfd, bind) = (holding::by_getfd(), holding::by_bind());
        let reaches_connections = getfd.is_ok();
        let capture = capture(options, getfd.is_ok(), bind.is_ok());
        let mut findings = vec![getfd];
        findings.extend(holding::of_another_user());
        findings.push(bind);
        let gate = if diverts && capture != Capture::None { Gate::Divert } else { Gate::None };
        Self { findings, capture, gate, reaches_connections, ends_with_the_server: false }
    }

    fn of_wait(args: &DoctorArgs, diverts: bool) -> Self {
        let getfd = reach::by_getfd();
        let wait = WaitArgs { pid: args.pid, hook: args.hook.clone(), detached: false };
        let Server { finding, is_held, is_open, is_joined } = server::of_wait(&wait);
        let is_held = is_held.unwrap_or(getfd.is_ok()) && args.hook.sockets.want_getfd();
        let capture = if is_held { Capture::Getfd } else { Capture::None };
        Self {
            capture,
            gate: if diverts && (is_held || is_joined) { Gate::Divert } else { Gate::None },
            reaches_connections: getfd.is_ok() && is_open,
            findings: vec![getfd, finding],
            // Its own process goes with the container: with process 1, or by the runtime's hand.
            ends_with_the_server: args.pid.is_none_or(|pid| pid == 1),
        }
    }

    fn of_sidecar(options: &SocketArgs, refuses: bool, diverts: bool) -> Self {
        let Server { finding, is_held, is_open, is_joined } = server::of_sidecar(&options.ports, refuses);
        let is_held = is_held == Some(true) && options.want_getfd();
        Self {
            findings: vec![finding],
            capture: if is_held { Capture::Getfd } else { Capture::None },
            gate: if diverts && (is_held || is_joined) { Gate::Divert } else { Gate::None },
            reaches_connections: is_held && is_open,
            ends_with_the_server: false,
        }
    }
}

/// What `run` would choose, where the trials say that it works.
fn capture(options: &SocketArgs, getfd: bool, bind: bool) -> Capture {
    if !options.listen.is_empty() {
        return Capture::Listen;
    }
    match starting::Way::of(options) {
        Ok(starting::Way::Announced | starting::Way::AnnouncedIfPossible) if bind => Capture::Bind,
        Ok(starting::Way::Plainly) if getfd && options.want_getfd() => Capture::Getfd,
        _ => Capture::None,
    }
}
