//! A container at the limit of its memory: lameduck takes little of it, and when the kernel kills a worker nobody else is lost.
use crate::crash::stop_and_wait_for_the_gate;
use crate::scarce::NO_THREAD;
use crate::stop::KINDS;
use crate::support::control_group::ControlGroup;
use crate::support::load::{plan, until_gone};
use crate::support::process::field;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tempfile::NamedTempFile;

const MEBIBYTE: u64 = 1 << 20;
/// Has a worker take more than lameduck does, as that of a real application: of a group the kernel kills the largest process.
const HEAVY: &str = "def post_worker_init(worker): worker.ballast = b'x' * (64 << 20)\n";
const WORKERS: usize = 2;
/// After so many requests a worker has copies of its own of most pages that it had from its arbiter.
const WARM: usize = 100;
/// What the limit leaves above that which lameduck and gunicorn have taken, bytes.
const ROOM: u64 = 8 * MEBIBYTE;
/// What lameduck may take for a drain with some hundred late arrivals, bytes.
const DRAIN: u64 = 6 * MEBIBYTE;
/// A body that no worker has room for, bytes.
const BODY: u64 = 8 * ROOM;
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Below the 2 MiB that a thread's stack takes (std::thread), bytes.
const NO_STACK: u64 = MEBIBYTE;

pub fn trials() -> Vec<Trial> {
    let limited = ControlGroup::limited_by("memory").map(drop);
    vec![
        trial("at_the_limit_of_its_memory_nobody_is_lost_and_lameduck_takes_little", &limited, at_the_limit),
        trial("a_worker_killed_for_its_memory_costs_nobody_but_its_own", &limited, worker_killed),
        trial("without_memory_for_a_thread_nobody_is_lost_and_it_is_said", &Ok(()), no_thread),
    ]
}

/// lameduck and gunicorn in a group of which this much is left.
fn limited(group: &ControlGroup) -> Server {
    let wrapper = group.wrapper();
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let lameduck = [env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
    let mut config = NamedTempFile::with_suffix(".py").unwrap();
    config.write_all(HEAVY.as_bytes()).unwrap();
    let args = ["--workers", "2", "--config", config.path().to_str().expect("UTF-8")];
    let server = Server::gunicorn("sync", &args).under(&[&wrapper[..], &lameduck].concat()).start();
    // Each of them, or the second worker's ballast would come when the limit is set.
    let mut answers: HashMap<String, usize> = HashMap::new();
    wait_for("answers of each worker", || {
        let both = thread::scope(|scope| {
            let asked: Vec<_> = (0..WORKERS).map(|_| scope.spawn(|| server.get("/pid"))).collect();
            asked.into_iter().map(|asked| asked.join().expect("an answer")).collect::<Vec<_>>()
        });
        for pid in both {
            *answers.entry(pid).or_default() += 1;
        }
        (answers.len() == WORKERS && answers.values().all(|count| *count >= WARM)).then_some(())
    });
    let (now, limit) = if group.has("memory.max") {
        ("memory.current", "memory.max")
    } else {
        ("memory.usage_in_bytes", "memory.limit_in_bytes")
    };
    let used: u64 = group.get(now).trim().parse().expect("bytes");
    group.set(limit, &(used + ROOM).to_string());
    server
}

/// How many processes the kernel has killed for the limit.
fn killed_by_kernel(group: &ControlGroup) -> u32 {
    let file = if group.has("memory.events") { "memory.events" } else { "memory.oom_control" };
    let events = group.get(file);
    let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.trim().parse().ok()).expect("a count")
}

fn memory(pid: u32, what: &str) -> u64 {
    bytes(&field(pid, what).expect("proc_pid_status(5)"))
}

fn bytes(kibibytes: &str) -> u64 {
    kibibytes.trim_end_matches(" kB").parse::<u64>().expect("kB") * 1024
}

/// What a process takes at most until it is gone, bytes; the pages of its program are the machine's.
fn largest(pid: u32) -> JoinHandle<u64> {
    thread::spawn(move || {
        let mut most = 0;
        while let Some(now) = field(pid, "RssAnon").as_deref().map(bytes) {
            most = most.max(now);
            thread::sleep(LOOK);
        }
        most
    })
}

fn at_the_limit() {
    let group = ControlGroup::limited_by("memory").unwrap();
    let mut server = limited(&group);
    let before = memory(server.pid(), "RssAnon");
    let largest = largest(server.pid());
    // So many that most of them are late.
    let plan = plan(&server, 400.0);
    let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
    let (tally, most) = (&result.tally, largest.join().expect("a figure"));
    println!("{tally:?}; lameduck: {before} bytes while serving, {most} at most");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!((result.status.code(), killed_by_kernel(&group)), (Some(0), 0));
    assert!(most - before < DRAIN, "{before} {most}");
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}

fn worker_killed() {
    let group = ControlGroup::limited_by("memory").unwrap();
    let mut server = limited(&group);
    // Given: a worker that reads a body, with which it grows.
    let mut body = TcpStream::connect(server.address()).unwrap();
    write!(body, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n").unwrap();
    let piece = vec![b'x'; usize::try_from(MEBIBYTE).unwrap()];
    body.write_all(&piece).unwrap();
    // When: it has grown beyond the limit, behind the gate.
    let plan = plan(&server, KINDS[0].rate);
    let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| {
        stop_and_wait_for_the_gate(server);
        // The rest of it: the server's end is gone in the middle.
        while body.write_all(&piece).is_ok() {}
        wait_for("the kernel to kill it", || (killed_by_kernel(&group) > 0).then_some(()));
    });
    // Then: that one client has no answer, and all others have.
    let tally = &result.tally;
    println!("{tally:?}; killed: {}", killed_by_kernel(&group));
    let mut answer = Vec::new();
    let _ = body.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {}", server.log());
    assert_eq!(result.status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}

fn no_thread() {
    let kind = &KINDS[0];
    let mut server = kind.gunicorn().under_lameduck(&[]).start();
    let lameduck = Pid::from_raw(server.pid().cast_signed()).expect("a process id");
    let plan = plan(&server, kind.rate);
    let result = until_gone(&mut server, plan, kind.backlog, |server| {
        let most = memory(server.pid(), "VmSize") + NO_STACK;
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        prlimit(Some(lameduck), Resource::As, limit).expect("its limit");
        server.signal(libc::SIGTERM);
    });
    let tally = &result.tally;
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {}", server.log());
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!(result.status.code(), Some(0));
    let log = server.log();
    assert!(log.contains(NO_THREAD) && log.contains("outcome=drained gate=divert"), "{log}");
}
