//! What a supervisor costs while nothing happens, and how long it takes to start: lameduck beside other inits.
//!
//! Memory is what no other process shares (`support/memory.rs`). Beside what cargo builds for a bench stands the program as the
//! image has it, where `deploy/program ARCHITECTURE target/image` has made it.
mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::spread::Spread;
use support::{machine, memory, table};

/// The sidecar, beside a port at which nobody listens.
const SIDECAR: [&str; 6] =
    [env!("CARGO_BIN_EXE_lameduck"), "sidecar", "--port", "9", "--http", "127.0.0.1:9180"];
/// The inits, each with the words before the command. `-s`: tini warns when it is neither PID 1 nor a subreaper.
const INITS: [&[&str]; 4] = [
    &[env!("CARGO_BIN_EXE_lameduck"), "run", "--"],
    &["tini", "-s", "--"],
    &["dumb-init", "--"],
    &["catatonit", "--"],
];
/// The start of which the others' are multiples.
const REFERENCE: &str = "tini";
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How long an init may take to come to rest, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
const STARTS: usize = 200;

fn main() {
    if !machine::begin("At rest, and at the start") {
        return;
    }
    let released = released();
    let released: &[&str] = &[&released, "run", "--"];
    let (inits, missing): (Vec<&[&str]>, Vec<&[&str]>) =
        [released].into_iter().chain(INITS).partition(|words| is_there(words[0]));
    for words in &missing {
        println!("{} is not here (of the inits Debian has packages of this name)", words[0]);
    }
    idle(&inits);
    starts(&inits);
}

/// The program as the image has it.
fn released() -> String {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    format!("{}/target/image/lameduck-{architecture}", env!("CARGO_MANIFEST_DIR"))
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.contains('/') || std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn name(words: &[&str]) -> String {
    words[0].rsplit('/').next().unwrap_or_default().to_owned()
}

fn idle(inits: &[&[&str]]) {
    let mut running: Vec<Running> = inits.iter().map(|words| Running::start(words)).collect();
    running.push(Running::sidecar());
    let before: Vec<u64> = running.iter().map(Running::wake_ups).collect();
    std::thread::sleep(IDLE);
    let names = inits.iter().map(|words| name(words)).chain(["lameduck sidecar".to_owned()]);
    let rows = running.iter().zip(names).zip(before).map(|((running, name), before)| {
        let figures = [
            memory::private_kb(running.0.id()),
            memory::rss_kb(running.0.id()),
            running.tasks().count() as u64,
            running.wake_ups() - before,
        ];
        [vec![name], figures.map(|figure| figure.to_string()).into()].concat()
    });
    let columns = ["at rest", "private memory, kB", "RSS, kB", "threads", "wake-ups in 10 s"];
    table::print(&columns, &rows.collect::<Vec<_>>());
}

/// An init with `sleep` below it.
struct Running(Child);

impl Running {
    fn start(words: &[&str]) -> Self {
        let child =
            Command::new(words[0]).args(&words[1..]).args(["sleep", "60"]).stderr(Stdio::null()).spawn();
        let running = Self(child.unwrap_or_else(|error| panic!("{}: {error}", words[0])));
        // At rest: its child has become `sleep`, and it is waiting itself.
        let begin = Instant::now();
        while !(running.has_sleep() && running.read("stat").contains(") S ")) {
            assert!(begin.elapsed() < PATIENCE, "{} does not come to rest", words[0]);
            std::thread::sleep(Duration::from_millis(10));
        }
        running
    }

    /// At rest: it listens, and waits.
    fn sidecar() -> Self {
        let child = Command::new(SIDECAR[0]).args(&SIDECAR[1..]).stderr(Stdio::null()).spawn();
        let running = Self(child.unwrap_or_else(|error| panic!("{}: {error}", SIDECAR[0])));
        let begin = Instant::now();
        while std::net::TcpStream::connect(SIDECAR[5]).is_err() || !running.read("stat").contains(") S ") {
            assert!(begin.elapsed() < PATIENCE, "the sidecar does not come to rest");
            std::thread::sleep(Duration::from_millis(10));
        }
        running
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).unwrap_or_default()
    }

    fn has_sleep(&self) -> bool {
        let children = self.read(&format!("task/{}/children", self.0.id()));
        children.split_whitespace().any(|child| {
            fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|comm| comm.trim() == "sleep")
        })
    }

    fn tasks(&self) -> impl Iterator<Item = String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id())).expect("a process of ours");
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok())
    }

    /// How often its threads have waited, and so were woken.
    fn wake_ups(&self) -> u64 {
        let waited = |status: String| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse().ok()
        };
        self.tasks().filter_map(waited).sum()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.0.id().cast_signed());
        let begin = Instant::now();
        let _ = kill(pid, Signal::SIGTERM);
        while begin.elapsed() < PATIENCE && self.0.try_wait().is_ok_and(|status| status.is_none()) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Interleaved: what else the machine does hits all of them.
fn starts(inits: &[&[&str]]) {
    let plain: &[&str] = &[];
    let all: Vec<&[&str]> = inits.iter().copied().chain([plain]).collect();
    let mut times = vec![Vec::new(); all.len()];
    for _ in 0..STARTS {
        for (words, times) in all.iter().zip(&mut times) {
            let words = [words, &["true"][..]].concat();
            let begin = Instant::now();
            let status = Command::new(words[0]).args(&words[1..]).stderr(Stdio::null()).status();
            assert!(status.is_ok_and(|status| status.success()), "{words:?}");
            times.push(begin.elapsed().as_secs_f64() * 1e6);
        }
    }
    let spreads: Vec<Spread> = times.into_iter().map(Spread::of).collect();
    let reference = all.iter().zip(&spreads).find(|(words, _)| words.first() == Some(&REFERENCE));
    let rows = all.iter().zip(&spreads).map(|(words, spread)| {
        let name = words.first().map_or("`true` alone".into(), |_| format!("`{} ... true`", name(words)));
        let ratio = reference.map_or("-".into(), |(_, to)| format!("{:.2}", spread.median() / to.median()));
        [vec![name], spread.cells(), vec![ratio]].concat()
    });
    let columns = [&["start to end, µs"][..], &Spread::COLUMNS, &["median / tini's"]].concat();
    table::print(&columns, &rows.collect::<Vec<_>>());
}
