//! The desk: what a waiting connection costs, and how many late arrivals a second are answered; then a whole drain under
//! them. Server and clients share this machine's processors.
#[allow(dead_code, reason = "the bench of park uses the rest")]
#[path = "park/clients.rs"]
mod clients;
#[path = "late_arrivals/drain.rs"]
mod drain;
#[path = "park/server.rs"]
mod server;
#[allow(dead_code, reason = "the bench of park uses the rest")]
#[path = "park/supervised.rs"]
mod supervised;
mod support;

use lameduck::late_arrivals::{Desk, Kind, Settings};
use lameduck::sockets::listen;
use rustix::net::sockopt::set_socket_linger;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use support::{machine, table};

/// Connections that wait at the desk without a word: as many as this program can have both ends of where 20,000 descriptors are the limit.
const SILENT: usize = 9_900;
/// Late requests of which nothing more comes.
const PACED: usize = 5_000;
/// Answered connections in all, and clients that each make one after the other.
const CONNECTIONS: usize = 40_000;
const CLIENTS: usize = 4;
/// Longer than this program runs.
const GRACE: Duration = Duration::from_mins(10);
const PATIENCE: Duration = Duration::from_secs(30);
/// The desk's thread, by the first 15 bytes of its name.
const THREAD: &str = "late-arrivals";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";

fn main() {
    if server::serves() || !machine::begin("Late arrivals") {
        return;
    }
    let silent = waiting_costs_bytes();
    let paced = waiting_by_pace_costs_percent();
    let (per_second, cpu_us) = answers();
    let row = |what: &str, figure: String| vec![what.to_owned(), figure];
    table::print(
        &["late arrivals", ""],
        &[
            row("answered a second, clients on the same machine", format!("{per_second:.0}")),
            row("processor time of the desk's thread per answer, µs", format!("{cpu_us:.1}")),
            row("answered per second of the desk's processor time", format!("{:.0}", 1e6 / cpu_us)),
            row("memory (RSS) per waiting connection, bytes, of 9,900", format!("{silent:.0}")),
            row("processor for 5,000 late requests that are waited for, % of one", format!("{paced:.1}")),
        ],
    );
    drain::measure();
}

/// A desk that accepts from a listener of its own.
struct Open {
    desk: Desk,
    listener: OwnedFd,
    address: SocketAddr,
}

impl Open {
    fn new() -> Self {
        let listener = listen::at(([127, 0, 0, 1], 0).into()).expect("a free port");
        rustix::io::ioctl_fionbio(&listener, true).expect("O_NONBLOCK");
        let address = rustix::net::getsockname(&listener).expect("its address").try_into().expect("IP");
        let desk = Desk::open(Settings::answering(GRACE)).expect("a thread");
        desk.accept_from(&listener, None).expect("a descriptor");
        Self { desk, listener, address }
    }

    fn wait_for(&self, what: impl Fn(lameduck::late_arrivals::Served) -> bool) {
        let begin = Instant::now();
        while !what(self.desk.served(Kind::LateArrival)) {
            assert!(begin.elapsed() < PATIENCE, "{:?}", self.desk.served(Kind::LateArrival));
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
    }
}

/// Memory of this process; that of the kernel's sockets is not in it.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn waiting_costs_bytes() -> f64 {
    let open = Open::new();
    // The first ones pay for what all of them share.
    let first: Vec<TcpStream> = (0..10).map(|_| connect(open.address)).collect();
    open.wait_for(|served| served.open >= first.len() as u64);
    let mut silent = Vec::with_capacity(SILENT);
    let before = rss();
    for _ in 0..SILENT {
        silent.push(connect(open.address));
    }
    // One more is counted: the next, before it is there.
    open.wait_for(|served| served.open >= (first.len() + SILENT) as u64);
    (rss() - before) as f64 / SILENT as f64
}

/// Late requests of which nothing more comes: each is looked at again and again, for its connection tells nothing.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn waiting_by_pace_costs_percent() -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let desk = Desk::open(Settings::answering(GRACE)).expect("a thread");
    let clients: Vec<TcpStream> =
        (0..PACED).map(|_| connect_and_hand_over(&listener, address, &desk)).collect();
    // Their pauses have grown to the longest.
    std::thread::sleep(Duration::from_secs(1));
    let (begin, before) = (Instant::now(), desk_cpu_ns());
    std::thread::sleep(Duration::from_secs(2));
    let percent = (desk_cpu_ns() - before) as f64 / begin.elapsed().as_nanos() as f64 * 100.0;
    assert_eq!(desk.busy(), clients.len() as u64);
    desk.close(); // its thread's time is not in the next figure
    percent
}

fn connect_and_hand_over(listener: &TcpListener, address: SocketAddr, desk: &Desk) -> TcpStream {
    let client = connect(address);
    let accepted = listener.accept().expect("the connection").0;
    accepted.set_nonblocking(true).expect("O_NONBLOCK");
    desk.serve_late_request(accepted.into(), b"GET ".to_vec());
    client
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn answers() -> (f64, f64) {
    let open = Open::new();
    let (begin, cpu_before) = (Instant::now(), desk_cpu_ns());
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| (0..CONNECTIONS / CLIENTS).for_each(|_| ask(open.address)));
        }
    });
    let elapsed = begin.elapsed();
    let cpu_ns = desk_cpu_ns() - cpu_before;
    open.wait_for(|served| served.answered == CONNECTIONS as u64);
    (CONNECTIONS as f64 / elapsed.as_secs_f64(), cpu_ns as f64 / 1000.0 / CONNECTIONS as f64)
}

fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).expect("a connection to the desk")
}

fn ask(address: SocketAddr) {
    let mut client = connect(address);
    client.set_read_timeout(Some(PATIENCE)).expect("SO_RCVTIMEO");
    client.write_all(REQUEST).expect("a request");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an answer");
    assert_eq!(answer, lameduck::late_arrivals::RESPONSE.as_bytes());
    // Its close is a reset: nobody's table is left full of TIME_WAIT.
    set_socket_linger(&client, Some(Duration::ZERO)).expect("SO_LINGER");
}

/// Bytes of this process that are in memory.
fn rss() -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse::<i64>().expect("kB") * 1024
}

/// Nanoseconds that desks' threads have run: the first field of schedstat (Documentation/scheduler/sched-stats.rst).
fn desk_cpu_ns() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc").filter_map(Result::ok);
    let read = |task: &fs::DirEntry, file| fs::read_to_string(task.path().join(file)).unwrap_or_default();
    let desks = tasks.filter(|task| read(task, "comm").trim() == THREAD);
    desks.filter_map(|task| read(&task, "schedstat").split(' ').next()?.parse::<u64>().ok()).sum()
}
