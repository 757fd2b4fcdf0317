//! `lameduck run` with the server below it, and the server alone.
use super::server::ROLE;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::time::{ClockId, clock_gettime};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// One of them; told to stop twice when dropped.
pub struct Supervised {
    process: Child,
    stdout: BufReader<ChildStdout>,
    report: PathBuf,
    /// Where the server listens.
    pub address: SocketAddr,
}

impl Supervised {
    /// `lameduck run` with these options.
    pub fn start(options: &[&str]) -> Self {
        let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("park-{}.json", std::process::id()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_lameduck"));
        command.args(["run", "--report"]).arg(&report).args(options).arg("--");
        command.arg(this_program()).arg(ROLE);
        Self::spawn(command, report)
    }

    /// The server alone, a child of this process.
    pub fn alone() -> Self {
        let mut command = Command::new(this_program());
        command.arg(ROLE);
        Self::spawn(command, PathBuf::new())
    }

    fn spawn(mut command: Command, report: PathBuf) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process");
        let stdout = BufReader::new(process.stdout.take().expect("its stdout"));
        let mut supervised = Self { process, stdout, report, address: ([127, 0, 0, 1], 0).into() };
        let port = supervised.said("port").parse().expect("a port");
        supervised.address.set_port(port);
        supervised
    }

    /// The next line of the server, which begins with this word; gives the rest.
    fn said(&mut self, word: &str) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line of the server");
        let rest = line.strip_prefix(word).unwrap_or_else(|| panic!("no {word:?}: {line:?}"));
        rest.trim().to_owned()
    }

    /// The process that was started.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Tells it to stop, and gives when.
    pub fn stop(&self) -> i64 {
        let told = now_ns();
        let _ = kill(Pid::from_raw(self.pid().cast_signed()), Signal::SIGTERM);
        told
    }

    /// Waits for the signal's arrival at the server and for the end: when it arrived, and the report.
    pub fn ended(mut self) -> (i64, serde_json::Value) {
        let signalled = self.said("signalled").parse().expect("nanoseconds");
        assert!(self.process.wait().expect("our own child").success());
        let report = std::fs::read(&self.report).expect("the report");
        (signalled, serde_json::from_slice(&report).expect("JSON"))
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        for _ in 0..2 {
            if self.process.try_wait().is_ok_and(|status| status.is_none()) {
                self.stop();
            }
        }
        let _ = self.process.wait();
    }
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("this program")
}

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes share.
pub fn now_ns() -> i64 {
    ns(ClockId::Monotonic)
}

/// Processor time of this thread, in nanoseconds.
pub fn cpu_ns() -> i64 {
    ns(ClockId::ThreadCPUTime)
}

fn ns(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
