//! One lameduck that lives on: reloads of its server, workers that are killed, orphans that it reaps.
use super::lameduck_now::Seen;
use super::tests_support::process::{self, Mark};
use super::tests_support::server::Server;
use super::tests_support::{PATIENCE, end_of, lameduck, wait_for};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// More than this is no chance: the allocator asks for pages of 4 kB, and what it has once it keeps. One leaked
/// allocation of 64 bytes a reload is more from the thousandth on.
const GROWTH_KB: u64 = 64;
/// Before the first look, so that all that is allocated once is there.
const WARM_UP: u32 = 3;
const ORPHANS: u32 = 2_000;

/// What came of one life.
pub struct Life {
    pub name: String,
    pub first: Seen,
    pub last: Seen,
    pub faults: Vec<String>,
}

impl Life {
    fn of(name: String, first: Seen, last: Seen, zombies: usize) -> Self {
        let mut faults = Vec::new();
        if last.descriptors != first.descriptors {
            faults.push(format!("{name}: {} descriptors, then {}", first.descriptors, last.descriptors));
        }
        if last.memory_kb > first.memory_kb + GROWTH_KB {
            faults.push(format!("{name}: {} kB, then {} kB", first.memory_kb, last.memory_kb));
        }
        if zombies > 0 {
            faults.push(format!("{name}: {zombies} zombies"));
        }
        Self { name, first, last, faults }
    }
}

/// gunicorn is reloaded so often, and one of its workers killed each time.
pub fn reloads(options: &[&str], times: u32) -> Life {
    let mut server = Server::gunicorn("sync", &["--workers", "2"]).under_lameduck(options).start();
    (0..WARM_UP).for_each(|_| reload(&server));
    let first = Seen::of(server.pid());
    (0..times).for_each(|_| reload(&server));
    let last = Seen::of(server.pid());
    let zombies = server.processes().into_iter().filter(|pid| process::state(*pid) == Some('Z')).count();
    server.signal(libc::SIGTERM);
    server.wait(PATIENCE);
    let _ = std::fs::remove_file(server.log_file());
    let name = format!("{times} reloads, {times} workers killed {}", options.join(" "));
    Life::of(name.trim().to_owned(), first, last, zombies)
}

fn reload(server: &Server) {
    let old = workers(server);
    server.signal(libc::SIGHUP);
    let new = wait_for("new workers", || {
        let now = workers(server);
        (now.len() == 2 && !now.iter().any(|pid| old.contains(pid))).then_some(now)
    });
    process::kill(new[0], libc::SIGKILL);
    wait_for("a worker in its place", || {
        let now = workers(server);
        (now.len() == 2 && !now.contains(&new[0])).then_some(())
    });
    assert!(!server.get("/pid").is_empty());
}

/// Those that have booted.
fn workers(server: &Server) -> Vec<u32> {
    server.processes().into_iter().filter(|pid| process::has_booted(*pid)).collect()
}

/// A shell that makes as many orphans as it reads.
const MAKES_ORPHANS: &str =
    "while read n; do i=0; while [ $i -lt $n ]; do (true &); i=$((i+1)); done; echo made; done";

/// So many processes whose parent is gone come to lameduck, and end.
pub fn orphans() -> Life {
    let mark = Mark::new();
    let mut command = lameduck();
    command.args(["run", "--", "sh", "-c", MAKES_ORPHANS]).env(Mark::NAME, mark.value());
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("lameduck");
    let pid = process.id();
    let mut stdin = process.stdin.take().expect("its stdin");
    let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
    let mut make = |count: u32| {
        writeln!(stdin, "{count}").expect("a shell that reads");
        assert_eq!(lines.next().expect("a line").expect("text"), "made");
        // The shell itself stays.
        wait_for("the end of all orphans", || (children(pid).len() == 1).then_some(()));
        Seen::of(pid)
    };
    let first = make(ORPHANS / 10);
    let last = make(ORPHANS);
    let zombies = children(pid).into_iter().filter(|pid| process::state(*pid) == Some('Z')).count();
    drop(stdin);
    let status = end_of(&mut process);
    let mut life = Life::of(format!("{ORPHANS} orphans"), first, last, zombies);
    if !status.success() {
        life.faults.push(format!("{}: {status}", life.name));
    }
    life
}

fn children(of: u32) -> Vec<u32> {
    process::all().filter(|pid| process::parent(*pid) == Some(of)).collect()
}
