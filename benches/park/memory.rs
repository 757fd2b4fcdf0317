//! What a parked connection costs: lameduck's own memory, and at most the kernel's.
use super::clients::{PATIENCE, ask, at_rest, connect};
use super::supervised::Supervised;
use super::support::table;
use lameduck::sockets::mark;
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

const FEW: usize = 10;
const MANY: usize = 10_000;
/// Holds the drain until it is measured.
const LONG_WORK_MS: u64 = 60_000;
/// By then every mark is raised, and all tables are as large as they become.
const HELD: Duration = Duration::from_secs(4);
const WINDOW: Duration = Duration::from_secs(1);
/// Connections that are pushed into.
const PUSHED: usize = 100;
/// Little of what is counted is the client's.
const CLIENT_BUFFER: usize = 16 * 1024;
/// A connection that takes no more for so long is full: zero-window probes begin at 200 ms.
const FULL: Duration = Duration::from_secs(1);

/// Measures, and prints the tables.
pub fn measure() {
    let off = held(MANY, "off");
    let few = held(FEW, "auto");
    let many = held(MANY, "auto");
    let rows =
        [("10 connections", &few), ("10,000 connections, --park off", &off), ("10,000 connections", &many)];
    let rows = rows.map(|(what, held)| {
        vec![what.to_owned(), (held.private / 1024).to_string(), format!("{:.1}", held.cpu_percent)]
    });
    table::print(&["a drain that one request holds", "private memory, kB", "% of one core"], &rows);
    let per = |more: &Held, less: &Held, count: usize| (more.private - less.private) / count.cast_signed();
    println!(
        "\nper connection: {} bytes, of them for the park {}",
        per(&many, &few, MANY - FEW),
        per(&many, &off, MANY)
    );

    let rows = [("parked", true), ("not parked, not read", false)].map(|(what, parked)| {
        let (taken, kernel) = pushed(parked);
        vec![what.to_owned(), (taken / 1024).to_string(), (kernel / 1024).to_string()]
    });
    table::print(&["100 connections, pushed into until full, kB each", "taken", "kernel memory"], &rows);
}

struct Held {
    private: isize,
    cpu_percent: f64,
}

/// A drain that is held by one request in flight, beside so many connections at rest.
fn held(connections: usize, park: &str) -> Held {
    let supervised = Supervised::start(&["--settle", "0", "--lame-duck", "0", "--park", park]);
    let _clients = at_rest(supervised.address, connections);
    let mut working = connect(supervised.address);
    ask(&mut working, LONG_WORK_MS);
    supervised.stop();
    std::thread::sleep(HELD);
    let before = cpu_ns(supervised.pid());
    std::thread::sleep(WINDOW);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let cpu_percent = (cpu_ns(supervised.pid()) - before) as f64 / WINDOW.as_nanos() as f64 * 100.0;
    let private = private_bytes(supervised.pid());
    supervised.stop();
    let (_, report) = supervised.ended();
    let parked = if park == "off" { 0 } else { connections + 1 };
    assert_eq!(
        (&report["outcome"], &report["park"]["parked"]),
        (&"skipped".into(), &parked.into()),
        "{report}"
    );
    Held { private, cpu_percent }
}

/// Anonymous pages of a process, in bytes.
fn private_bytes(pid: u32) -> isize {
    let smaps = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("a child of ours");
    let line = smaps.lines().find_map(|line| line.strip_prefix("Anonymous:")).expect("Anonymous");
    line.trim().trim_end_matches(" kB").parse::<isize>().expect("kB") * 1024
}

/// Nanoseconds that a process of one thread has run (Documentation/scheduler/sched-stats.rst).
fn cpu_ns(pid: u32) -> u64 {
    let times = fs::read_to_string(format!("/proc/{pid}/schedstat")).expect("a child of ours");
    times.split(' ').next().and_then(|ns| ns.parse().ok()).expect("nanoseconds")
}

/// Bytes that a connection takes, and the kernel's memory for it: means.
fn pushed(parked: bool) -> (usize, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    let before = tcp_memory();
    let mut pairs: Vec<(TcpStream, OwnedFd)> = Vec::with_capacity(PUSHED);
    for _ in 0..PUSHED {
        let client = connect(address);
        set_socket_send_buffer_size(&client, CLIENT_BUFFER).expect("SO_SNDBUF");
        client.set_nonblocking(true).expect("O_NONBLOCK");
        let (server, _) = listener.accept().expect("the same connection");
        server.set_nonblocking(true).expect("O_NONBLOCK");
        let server = OwnedFd::from(server);
        if parked {
            assert_eq!(mark::raise(&server, 0).expect("SO_RCVLOWAT"), mark::Raise::Up);
        }
        pairs.push((client, server));
    }
    let (begin, mut progress) = (Instant::now(), Instant::now());
    while progress.elapsed() < FULL {
        assert!(begin.elapsed() < PATIENCE, "connections that are never full");
        for (client, _) in &mut pairs {
            match client.write(&[b'x'; CLIENT_BUFFER]) {
                Ok(_) => progress = Instant::now(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let taken = pairs.iter().map(|(_, server)| mark::unread(server).expect("FIONREAD")).sum::<u64>();
    let memory = tcp_memory() - before;
    (usize::try_from(taken).expect("far less") / PUSHED, memory / PUSHED)
}

/// Bytes of all TCP sockets' buffers in the kernel: pages, the last figure of the line.
fn tcp_memory() -> usize {
    let stat = fs::read_to_string("/proc/net/sockstat").expect("/proc");
    let line = stat.lines().find(|line| line.starts_with("TCP:")).expect("TCP");
    let pages: usize = line.rsplit(' ').next().and_then(|pages| pages.parse().ok()).expect("pages");
    pages * rustix::param::page_size()
}
