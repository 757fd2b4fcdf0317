//! `lameduck doctor`: what this environment permits, tried for real, and what can therefore be promised.
//!
//! | file | subject |
//! |---|---|
//! | `host` | where we are: kernel, process, users and what they may do |
//! | `modules` | SELinux and AppArmor |
//! | `proc` | what /proc shows, and control groups |
//! | `program` | where lameduck's own program lies |
//! | `looks` | what can be seen of queues and connections |
//! | `holding` | how the sockets of a server that we start can be held |
//! | `reach` | the same of a process that is not below us |
//! | `server` | a server that is there already, for a hook |
//! | `gates` | how new connections can be kept away |
//! | `parking` | whether a request can be kept unread |
//! | `patient` | a process of ours that stands for the server |
//! | `around` | what is around the server: who sends it traffic, how much time it has, who is told of its end |
//! | `cluster` | what the API server permits and says |
//! | `trouble` | why the API server tells nothing, and the way out |
//! | `grace` | whether a drain fits into the time that there is (pure) |
//! | `message` | the files that a drain's end is told in |
//! | `ways` | what each way of running lameduck would take |
//! | `promise` | what follows from all that (pure) |
//! | `finding`, `page` | one trial's result, and all of them, printed |
//! | `manifests/` | the same of manifests and of a cluster's objects, where nothing is tried |
mod around;
#[cfg(feature = "kubernetes")]
mod cluster;
mod finding;
mod gates;
mod grace;
mod holding;
mod host;
mod looks;
#[cfg(feature = "manifests")]
pub(crate) mod manifests;
mod message;
mod modules;
mod page;
mod parking;
mod patient;
mod proc;
mod program;
mod promise;
mod reach;
mod server;
#[cfg(feature = "kubernetes")]
mod trouble;
mod ways;

use super::run::choosing;
use crate::cli::{DoctorArgs, DoctorWay, ParkChoice};
use page::Page;
use promise::Facts;
use std::io::Write as _;
use std::process::ExitCode;
use ways::Tried;

/// Runs the verb.
///
/// # Errors
/// When the options contradict each other, or there is nobody to tell.
pub fn main(args: &DoctorArgs) -> Result<ExitCode, String> {
    if args.patient {
        return Ok(patient::main());
    }
    if let Some(inode) = args.reach {
        return Ok(reach::main(inode));
    }
    #[cfg(feature = "manifests")]
    if manifests::are_meant(args) {
        return manifests::main(args);
    }
    check(args)?;
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

fn check(args: &DoctorArgs) -> Result<(), String> {
    #[cfg(feature = "manifests")]
    if args.namespace.is_some() || args.container.is_some() {
        return Err("--namespace and --container are for manifests: name an object such as deployment/web, or --filename".to_owned());
    }
    if args.pid.is_some() && args.way != DoctorWay::Wait {
        return Err("--pid names the server of a hook: add --way wait, or leave it out".to_owned());
    }
    if args.way != DoctorWay::Run {
        return args.hook.check();
    }
    let finds_fellows = cfg!(feature = "kubernetes") && choosing::in_kubernetes();
    args.hook.sockets.check()?;
    args.hook.late_arrivals.check(&args.hook.sockets, finds_fellows)
}

fn examine(args: &DoctorArgs) -> Page {
    let options = &args.hook;
    let way = args.way.into();
    let [queue, open] = looks::tcp();
    let (divert, refuse, mark) = (gates::divert(), gates::refuse(), parking::mark());
    let tried = Tried::of(args, divert.is_ok());
    let facts = Facts {
        way,
        queue_is_seen: queue.is_there(),
        in_flight_is_seen: open.is_ok(),
        capture: tried.capture,
        gate: tried.gate,
        parks: options.park.park == ParkChoice::Auto && tried.reaches_connections && mark.is_ok(),
        ends_with_the_server: tried.ends_with_the_server,
    };
    let mut findings = vec![host::kernel(), host::confinement(way), modules::security_module(queue.is_ok())];
    findings
        .extend([proc::visibility(way), proc::control_groups(way), program::program()].into_iter().flatten());
    if args.way == DoctorWay::Run {
        findings.push(host::orphans());
    }
    findings.extend([queue, open, looks::unix()]);
    findings.extend(tried.findings);
    findings.extend([divert, refuse]);
    if args.way != DoctorWay::Sidecar || tried.reaches_connections {
        findings.push(mark);
    }
    findings.extend(around::findings(args));
    Page { version: env!("CARGO_PKG_VERSION"), findings, plan: facts.plan() }
}
