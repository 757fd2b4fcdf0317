//! A command whose output is read line by line.
use super::process::{self, Mark};
use super::{PATIENCE, end_of};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A running command. It is ended with the test, and so is all that it has started.
#[derive(Debug)]
pub struct Running {
    process: Child,
    lines: BufReader<ChildStdout>,
    _mark: Mark,
}

impl Running {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn start(mut command: Command) -> Self {
        let mark = Mark::new();
        command.env(Mark::NAME, mark.value()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = BufReader::new(process.stdout.take().expect("its output"));
        Self { process, lines, _mark: mark }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, number: i32) {
        process::kill(self.pid(), number);
    }

    /// The next line; empty when there will be none.
    ///
    /// # Panics
    /// When there is none within [`PATIENCE`].
    pub fn line(&mut self) -> String {
        self.line_within(PATIENCE).unwrap_or_else(|| panic!("no line within {PATIENCE:?}"))
    }

    /// The same; `None` when it does not come within that time.
    ///
    /// # Panics
    /// When it is no text.
    pub fn line_within(&mut self, patience: Duration) -> Option<String> {
        if self.lines.buffer().is_empty() {
            let patience = Timespec::try_from(patience).expect("a time");
            let ready = poll(&mut [PollFd::new(self.lines.get_ref(), PollFlags::IN)], Some(&patience));
            if ready == Ok(0) {
                return None;
            }
        }
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line of text");
        Some(line.trim_end().to_owned())
    }

    /// Its exit status, when it has ended; none: by a signal.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`].
    pub fn end(mut self) -> Option<i32> {
        end_of(&mut self.process).code()
    }
}
