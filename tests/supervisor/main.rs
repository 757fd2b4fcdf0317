//! `lameduck run` as a supervisor: small real children under the real program.
#[path = "../support/mod.rs"]
mod support;

mod command;
mod descriptors;
mod orphans;
mod quiet;
mod signals;
mod status;

use std::process::Command;
use support::running::Running;
use support::{lameduck, process};

/// `lameduck run OPTIONS -- COMMAND`.
fn run(options: &[&str], command: &[&str]) -> Command {
    let mut lameduck = lameduck();
    lameduck.arg("run").args(options).arg("--").args(command);
    lameduck
}

impl Running {
    /// A Python program under lameduck, which says its process id first.
    fn python(options: &[&str], program: &str) -> (Self, u32) {
        let program = format!("import os; print(os.getpid(), flush=True)\n{program}");
        let mut running = Self::start(run(options, &["python3", "-c", &program]));
        let pid = running.line().parse().expect("a process id");
        (running, pid)
    }
}
