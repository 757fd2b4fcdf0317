//! `lameduck run` as a supervisor: small real children under the real program.
#[path = "../support/mod.rs"]
mod support;

mod command;
mod descriptors;
mod quiet;
mod reaping;
mod signals;
mod status;
mod terminal;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use support::process::Mark;
use support::{PATIENCE, end_of, lameduck, process};

/// `lameduck run OPTIONS -- COMMAND`.
fn run(options: &[&str], command: &[&str]) -> Command {
    let mut lameduck = lameduck();
    lameduck.arg("run").args(options).arg("--").args(command);
    lameduck
}

/// A command under lameduck whose output is read line by line. It is ended with the test.
struct Running {
    lameduck: Child,
    lines: BufReader<ChildStdout>,
    _mark: Mark,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mark = Mark::new();
        command.env(Mark::NAME, mark.value()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut lameduck = command.spawn().expect("lameduck");
        let lines = BufReader::new(lameduck.stdout.take().expect("its output"));
        Self { lameduck, lines, _mark: mark }
    }

    /// A Python program, which says its process id first.
    fn python(options: &[&str], program: &str) -> (Self, u32) {
        let program = format!("import os; print(os.getpid(), flush=True)\n{program}");
        let mut running = Self::start(run(options, &["python3", "-c", &program]));
        let pid = running.line().parse().expect("a process id");
        (running, pid)
    }

    fn pid(&self) -> u32 {
        self.lameduck.id()
    }

    fn signal(&self, number: i32) {
        process::kill(self.pid(), number);
    }

    /// The next line; empty when there will be none.
    fn line(&mut self) -> String {
        let mut line = String::new();
        if self.lines.buffer().is_empty() {
            let patience = Timespec::try_from(PATIENCE).expect("a time");
            let ready = poll(&mut [PollFd::new(self.lines.get_ref(), PollFlags::IN)], Some(&patience));
            assert_eq!(ready, Ok(1), "no line within {PATIENCE:?}");
        }
        self.lines.read_line(&mut line).expect("a line of text");
        line.trim_end().to_owned()
    }

    /// Its exit status, when it has ended.
    fn end(mut self) -> Option<i32> {
        end_of(&mut self.lameduck).code()
    }
}
