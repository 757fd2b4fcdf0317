//! `lameduck doctor`: what this environment permits, tried for real, and what can therefore be promised.
//!
//! | file | subject |
//! |---|---|
//! | `host` | where we are: kernel, process, users, security modules |
//! | `looks` | what can be seen of queues and connections |
//! | `holding` | how the server's sockets can be held |
//! | `gates` | how new connections can be kept away |
//! | `parking` | whether a request can be kept unread |
//! | `patient` | a process of ours that stands for the server |
//! | `promise` | what follows from all that (pure) |
//! | `finding`, `page` | one trial's result, and all of them, printed |
mod finding;
mod gates;
mod holding;
mod host;
mod looks;
mod page;
mod parking;
mod patient;
mod promise;

use super::run::choosing;
use super::run::starting::Way;
use crate::cli::{DoctorArgs, GateChoice, ParkChoice, SocketArgs};
use page::Page;
use promise::{Capture, Facts, Gate};
use std::io::Write as _;
use std::process::ExitCode;

/// Runs the verb.
///
/// # Errors
/// When the options contradict each other, or there is nobody to tell.
pub fn main(args: &DoctorArgs) -> Result<ExitCode, String> {
    if args.patient {
        return Ok(patient::main());
    }
    args.sockets.check()?;
    let finds_fellows = cfg!(feature = "kubernetes") && choosing::in_kubernetes();
    args.late_arrivals.check(&args.sockets, finds_fellows)?;
    let page = examine(args);
    let text = if args.json {
        serde_json::to_string_pretty(&page).map_err(|error| error.to_string())? + "\n"
    } else {
        page.text()
    };
    let told = std::io::stdout().lock().write_all(text.as_bytes());
    told.map_err(|error| format!("cannot write to standard output: {error}"))?;
    Ok(page.plan.promise.code().into())
}

fn examine(args: &DoctorArgs) -> Page {
    let [queue, open] = looks::tcp();
    let (getfd, bind) = (holding::by_getfd(), holding::by_bind());
    let (divert, refuse) = (gates::divert(), gates::refuse());
    let mark = parking::mark();
    let capture = capture(&args.sockets, getfd.is_ok(), bind.is_ok());
    let facts = Facts {
        queue_is_seen: queue.is_there(),
        in_flight_is_seen: open.is_ok(),
        capture,
        gate: gate(args, capture, divert.is_ok()),
        parks: args.park.park == ParkChoice::Auto && getfd.is_ok() && mark.is_ok(),
    };
    let mut findings = vec![host::kernel(), host::confinement(), host::orphans(), queue, open, looks::unix()];
    findings.push(getfd);
    findings.extend(holding::of_another_user());
    findings.extend([bind, divert, refuse, mark]);
    Page { version: env!("CARGO_PKG_VERSION"), findings, plan: facts.plan() }
}

/// What `run` would choose, where the trials say that it works.
fn capture(options: &SocketArgs, getfd: bool, bind: bool) -> Capture {
    if !options.listen.is_empty() {
        return Capture::Listen;
    }
    match Way::of(options) {
        Ok(Way::Announced | Way::AnnouncedIfPossible) if bind => Capture::Bind,
        Ok(Way::Plainly) if getfd && options.want_getfd() => Capture::Getfd,
        _ => Capture::None,
    }
}

fn gate(args: &DoctorArgs, capture: Capture, divert: bool) -> Gate {
    match choosing::refuses(&args.sockets, &args.late_arrivals, choosing::in_kubernetes()) {
        Ok(true) => Gate::Refuse,
        Ok(false) if args.sockets.gate != GateChoice::None && capture != Capture::None && divert => {
            Gate::Divert
        }
        _ => Gate::None,
    }
}
