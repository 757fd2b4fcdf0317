//! `tests/servers/odd` under `lameduck run`, and what both say.
use crate::support::ports::free_port;
use crate::support::process::{self, kill};
use crate::support::server::{Builder, Server};
use crate::support::{PATIENCE, python, wait_for};
use lameduck::sockets::mark::RAISED;
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

/// The server, and the report that lameduck is to write.
pub struct Odd {
    pub server: Server,
    pub pid: u32,
    report: PathBuf,
    asked: Cell<u32>,
}

impl Odd {
    /// Starts it in this manner, under lameduck with these options.
    pub fn start(manner: &str, options: &[&str]) -> Self {
        Self::start_under(&[], manner, options)
    }

    /// As [`Self::start`], with another program before lameduck.
    pub fn start_under(wrapper: &[&str], manner: &str, options: &[&str]) -> Self {
        let port = free_port();
        let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("park-{port}.json"));
        let path = report.to_str().expect("a path in UTF-8");
        let lameduck = [env!("CARGO_BIN_EXE_lameduck"), "run", "--report", path];
        let server = builder(port, manner).under(&[wrapper, &lameduck, options, &["--"]].concat()).start();
        Self::of(server, report)
    }

    /// Starts it in this manner without lameduck: there will be no report.
    pub fn alone(manner: &str) -> Self {
        Self::of(builder(free_port(), manner).start(), PathBuf::new())
    }

    fn of(server: Server, report: PathBuf) -> Self {
        let pid = wait_for("its process id", || {
            let log = server.log();
            log.lines().find_map(|line| line.strip_prefix("pid ")?.parse().ok())
        });
        Self { server, pid, report, asked: Cell::new(0) }
    }

    /// The low-water mark of each connection of the first process.
    pub fn marks(&self) -> Vec<u32> {
        self.asked.set(self.asked.get() + 1);
        kill(self.pid, libc::SIGUSR1);
        let begin = format!("marks {}:", self.asked.get());
        wait_for("the marks", || {
            let log = self.server.log();
            let (line, _) = log.split_once(&begin)?.1.split_once('\n')?;
            Some(line.split_whitespace().map(|mark| mark.parse().expect("a number")).collect())
        })
    }

    /// Has it answer what it was asked at `/held`: see [`busy`](crate::talk::busy).
    pub fn finish_work(&self) {
        kill(self.pid, libc::SIGUSR2);
    }

    /// Sends TERM and waits until so many connections are parked.
    pub fn stop_and_park(&self, connections: usize) {
        self.server.signal(libc::SIGTERM);
        let are_up = || self.marks().into_iter().filter(|mark| *mark == RAISED).count() == connections;
        wait_for("the marks to be up", || are_up().then_some(()));
        // A mark is only tried until lameduck has seen that it came in time: then lameduck sleeps until its next look.
        wait_for("the look to end", || {
            (process::state(self.server.pid()) == Some('S') && are_up()).then_some(())
        });
    }

    /// How many strangers it has seen so far, and how many of them had a mark.
    pub fn strangers(&self) -> (u64, u64) {
        self.marks();
        let said = self.said("strangers:");
        let (seen, marked) = said.split_once(" seen, ").expect("two figures");
        let marked = marked.strip_suffix(" marked").expect("two figures");
        (seen.parse().expect("a number"), marked.parse().expect("a number"))
    }

    /// Waits for what lameduck logs.
    pub fn logs(&self, text: &str) {
        wait_for(text, || self.server.log().contains(text).then_some(()));
    }

    /// What it said last behind these words.
    pub fn said(&self, words: &str) -> String {
        let log = self.server.log();
        log.lines().rev().find_map(|line| line.strip_prefix(words)).expect("the words").trim().to_owned()
    }

    /// Waits for the end of all, and gives the report.
    pub fn end(&mut self) -> Value {
        assert_eq!(self.server.wait(PATIENCE).code(), Some(0), "{}", self.server.log());
        assert!(!self.server.log().contains("panicked"), "{}", self.server.log());
        let report = fs::read(&self.report).expect("a report");
        fs::remove_file(&self.report).expect("a report");
        serde_json::from_slice(&report).expect("a report in JSON")
    }
}

fn builder(port: u16, manner: &str) -> Builder {
    let program = format!("{}/odd", python::SERVERS);
    Builder::new(port, python::program("python"), [&program, &port.to_string(), manner])
}
