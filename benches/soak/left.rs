//! What a stop leaves behind in this network namespace, among our children, and on disk: nothing.
use super::tests_support::process;
use super::tests_support::server::Server;
use rustix::process::WaitOptions;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is on its way out may take so long: the kernel's last exchange of a closed connection, a process in its exit.
const PATIENCE: Duration = Duration::from_secs(20);
const PACE: Duration = Duration::from_millis(5);
/// The state of a socket that the kernel alone keeps, for whom nobody is needed (include/net/tcp_states.h, TCP_TIME_WAIT).
const TIME_WAIT: &str = "06";
/// Of a unix socket that listens (include/linux/net.h, `__SO_ACCEPTCON`).
const ACCEPTS: &str = "00010000";

/// What this server has left, when it has ended: each in words.
pub fn behind(server: &Server, place: &Path) -> Vec<String> {
    let end = Instant::now() + PATIENCE;
    loop {
        let left: Vec<String> = processes(server)
            .chain(children())
            .chain(connections())
            .chain(listeners())
            .chain(super::tables::tables().into_iter().map(|table| format!("nftables: {table}")))
            .chain(files(place))
            .collect();
        if left.is_empty() || Instant::now() > end {
            reap();
            return left;
        }
        std::thread::sleep(PACE);
    }
}

/// Those that it started, whoever their parent is.
fn processes(server: &Server) -> impl Iterator<Item = String> {
    server.processes().into_iter().map(|pid| format!("process {pid}"))
}

/// Ours: this process is a subreaper, so that orphans and zombies of a lameduck that has ended come to it.
fn children() -> impl Iterator<Item = String> {
    let own = std::process::id();
    process::all()
        .filter(move |pid| process::parent(*pid) == Some(own))
        .map(|pid| format!("child {pid}, {:?}, state {:?}", process::field(pid, "Name"), process::state(pid)))
}

/// Reaps those that have come to us and ended, when what was found has been told: each is told once.
fn reap() {
    while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
}

/// TCP sockets in any state but that one: proc_net_tcp, the fourth field.
fn connections() -> impl Iterator<Item = String> {
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"].into_iter().flat_map(|file| {
        let rows = fs::read_to_string(file).unwrap_or_default();
        let rows = rows.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        rows.into_iter()
            .filter(|row| row.split_whitespace().nth(3) != Some(TIME_WAIT))
            .map(|row| format!("TCP socket {row}"))
    })
}

/// Unix sockets with a path that listen. Names are this process's ports (`free_port`).
fn listeners() -> impl Iterator<Item = String> {
    let rows = fs::read_to_string("/proc/self/net/unix").unwrap_or_default();
    let rows = rows.lines().map(str::to_owned).collect::<Vec<_>>();
    rows.into_iter()
        .filter(|row| row.contains(ACCEPTS) && !row.contains('@'))
        .map(|row| format!("unix socket {row}"))
}

fn files(place: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(place).expect("our own directory");
    entries.filter_map(Result::ok).map(|entry| format!("file {}", entry.path().display()))
}
