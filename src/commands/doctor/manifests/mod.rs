//! What manifests make of a drain: grace periods, hooks, probes, profiles, and whoever sends their pods traffic. Nothing is tried.
//!
//! ```text
//! text --reading--> documents --Case::of--> a workload, its lameduck, what belongs to it --findings, plan--> Page
//! ```
//!
//! Pure but for `reading`. Objects of a cluster come as the text that the API server has for them, so that there is one way to read.
//!
//! | file | subject |
//! |---|---|
//! | `reading` | files, streams, the API server |
//! | `objects` | what belongs to a workload among the others |
//! | `presence` | whether lameduck is in a pod, how, and with which options |
//! | `case` | one workload with all that |
//! | `way_in` | the `inject` that puts lameduck there, where it is not |
//! | `time` | grace period and propagation |
//! | `hook` | preStop hooks that hold the stop up |
//! | `entrypoint` | shells between the signal and the server |
//! | `confinement` | seccomp and capabilities: capture, gate, promise |
//! | `access` | what the service account may ask for |
//! | `services` | Services that offer a pod to its end |
//! | `probes` | probes that a busy worker has to answer |
//! | `gunicorn` | what its command line says, and its graceful_timeout |
//! | `requests`, `volumes` | what stops autoscalers and `kubectl drain` |
//! | `page` | all of it, printed |
mod access;
mod case;
mod confinement;
mod entrypoint;
mod gunicorn;
mod hook;
mod objects;
mod page;
mod presence;
mod probes;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod reading;
mod requests;
mod services;
mod time;
mod volumes;
mod way_in;

#[cfg(test)]
mod tests;

use super::finding::{Finding, State};
use super::promise::Way;
use crate::cli::{DoctorArgs, said_here};
use crate::inject::manifest;
use crate::inject::pod::Pod;
use crate::inject::tree::Node;
use crate::inject::work::selects;
use crate::inject::{Trouble, aliases, check_length};
use crate::telemetry::say;
use case::Case;
use objects::Objects;
use page::{Examined, Page};
use reading::Source;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// The exit status when something is to be set.
const TO_BE_SET: u8 = 1;
/// The exit status when there is nothing that could be examined.
const UNREADABLE: u8 = 2;

/// What is asked about.
#[derive(Debug)]
pub struct Question {
    /// The workloads, as `KIND/NAME`; none: all.
    pub workloads: Vec<String>,
    /// The server's container.
    pub container: Option<String>,
    /// The way of a pod without lameduck.
    pub way: Way,
    /// Options that count where a manifest says nothing.
    pub options: Vec<(String, OsString)>,
}

/// Whether it is manifests that are asked about.
pub fn are_meant(args: &DoctorArgs) -> bool {
    args.filename.is_some() || !args.objects.is_empty()
}

/// Examines them.
///
/// # Errors
/// When files, streams or the API server fail.
pub fn main(args: &DoctorArgs) -> Result<ExitCode, String> {
    let question = Question {
        workloads: args.objects.clone(),
        container: args.container.clone(),
        way: args.way.into(),
        options: said_here(),
    };
    let source = Source::of(args)?;
    let examined = match source {
        Ok(source) => examine(&source, &question).map_err(|trouble| (source.name, trouble)),
        Err(unread) => Err(unread),
    };
    let (page, notes) = match examined {
        Ok(examined) => examined,
        Err((name, Trouble::Malformed(sentences) | Trouble::Refused(sentences))) => {
            for sentence in sentences {
                say(format_args!("{name}: {sentence}"));
            }
            return Ok(UNREADABLE.into());
        }
    };
    for note in notes {
        say(format_args!("note: {note}"));
    }
    let text = if args.json {
        serde_json::to_string_pretty(&page).map_err(|error| error.to_string())? + "\n"
    } else {
        page.text()
    };
    let mut stdout = std::io::stdout().lock();
    let told = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    told.map_err(|error| format!("cannot write to standard output: {error}"))?;
    Ok(if page.is_ok() { ExitCode::SUCCESS } else { TO_BE_SET.into() })
}

/// What there is to say, and notes. Pure.
///
/// # Errors
/// When the text cannot be read, or one of its workloads makes no sense; then nothing is said of the others.
pub fn examine(source: &Source, question: &Question) -> Result<(Page, Vec<String>), Trouble> {
    check_length(&source.text)?;
    let mut input = manifest::read(&source.text)?;
    for document in &mut input.documents {
        document.root = aliases::resolved(&document.root)?;
    }
    let found = manifest::workloads(&input);
    let (mut refusals, mut notes) = (found.refusals, found.notes);
    notes.extend(source.notes.iter().cloned());
    for selector in &question.workloads {
        if !found.workloads.iter().any(|workload| selects(selector, workload)) {
            refusals.push(format!("there is no {selector}: name one such as deployment/web"));
        }
    }
    let wanted = &question.workloads;
    let is_meant = |workload: &&manifest::Workload| {
        wanted.is_empty() || wanted.iter().any(|selector| selects(selector, workload))
    };
    let roots: Vec<&Node> = input.documents.iter().map(|document| &document.root).collect();
    let objects = Objects::of(&roots);
    let mut all = Vec::new();
    for workload in found.workloads.iter().filter(is_meant) {
        let of = |pod: Pod| {
            Case::of(&pod, &objects, source.permissions.as_ref(), question).map(|case| examined(&case))
        };
        match case::pod(workload, question.container.as_deref()).and_then(of) {
            Ok(examined) => all.push(examined),
            Err(why) => refusals.push(format!("{}: {why}", workload.what)),
        }
    }
    if !refusals.is_empty() {
        return Err(Trouble::Refused(refusals));
    }
    if all.is_empty() {
        notes.push(
            "there is no Deployment, StatefulSet, DaemonSet, ReplicaSet or Pod to be examined".to_owned(),
        );
    }
    Ok((Page { version: env!("CARGO_PKG_VERSION"), workloads: all }, notes))
}

/// One workload. What is listed first weighs more, among what is as bad.
fn examined(case: &Case) -> Examined {
    let (confined, plan) = confinement::plan(case);
    let mut findings: Vec<Finding> = vec![way_in::finding(case)];
    findings.extend(case.refused.clone().map(|error| {
        let what = "lameduck refuses its options, and does not start";
        Finding::missing("options", format!("{what}: {error}"), "`lameduck run --help` has what is right")
    }));
    findings.push(entrypoint::finding(case));
    findings.extend(time::findings(case));
    findings.extend(hook::finding(case));
    findings.push(confined);
    findings.extend(services::findings(case));
    findings.extend(access::findings(case));
    findings.extend(probes::findings(case));
    findings.extend(gunicorn::finding(case));
    findings.extend(requests::findings(case));
    findings.extend(volumes::finding(case));
    findings.sort_by_key(|finding| match finding.state {
        State::Missing => 0,
        State::Weaker => 1,
        State::Ok => 2,
    });
    Examined {
        workload: case.pod.workload.what.clone(),
        namespace: case.pod.workload.namespace.map(str::to_owned),
        container: case.pod.container_name.to_owned(),
        has_lameduck: case.presence.is_there(),
        findings,
        plan,
    }
}
