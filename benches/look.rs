//! What a look at the accept queue costs, beside `ss -ltn`; alone, and among 20,000 other sockets.
mod support;

use criterion::{BenchmarkGroup, BenchmarkId};
use criterion::{Criterion, measurement::WallTime};
use lameduck::sockets::watched::Watched;
use lameduck::sockets::{Listener, Observer, proc_net};
use procfs::net::TcpState;
use rustix::net::sockopt::set_socket_reuseport;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use support::crowd::{self, Crowd};
use support::{machine, table};

/// The sockets of others, established.
const OTHERS: [usize; 2] = [0, 20_000];
/// Connections in the accept queue that is looked at.
const QUEUED: u32 = 10;
/// Sockets of a group, as of a server with so many workers.
const GROUP: usize = 4;
/// Where criterion keeps what it measured: target/criterion, as by default.
const RESULTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../criterion");

/// The looks, by their criterion ids, and what is said of them.
const LOOKS: [(&str, &str); 7] = [
    ("queue_held", "the queue, by TCP_INFO on a duplicate"),
    ("queue_sock_diag", "the queue, by an exact look-up (sock_diag)"),
    ("queue_group", "the queues of a SO_REUSEPORT group of 4 (sock_diag)"),
    ("queue_proc", "the queue, by /proc/net/tcp and tcp6"),
    ("queue_ss", "the queue, by spawning `ss -ltn`"),
    ("look", "queue and connections (`Observer::look`)"),
    ("arrivals", "arrivals, by /proc/self/net/snmp"),
];

fn main() {
    if crowd::held() || !machine::begin("One look") {
        return;
    }
    let mut criterion = Criterion::default()
        .output_directory(Path::new(RESULTS))
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(50)
        .configure_from_args();
    let begin = SystemTime::now();
    for others in OTHERS {
        let _crowd = Crowd::gather(others);
        measure(&mut criterion, others);
    }
    criterion.final_summary();
    summary(begin);
}

fn measure(criterion: &mut Criterion, others: usize) {
    let server = Server::with_queue(1);
    let group = Server::with_queue(GROUP);
    let inode = Listener::of(&server.sockets[0]).expect("a listener").inode;
    let by_proc = || {
        let rows = proc_net::entries(|row| row.state == TcpState::Listen && row.inode == inode);
        rows.expect("/proc/net/tcp")[0].rx_queue
    };
    let queue_of = |observer: &mut Observer| observer.queue().0;
    let (mut held, mut looked_up, mut dumped) =
        (server.observer(true), server.observer(false), group.observer(false));
    // A look that sees something else would be measured in vain.
    assert_eq!([&mut held, &mut looked_up, &mut dumped].map(queue_of), [Some(QUEUED); 3]);
    assert_eq!((by_proc(), held.look().queue), (QUEUED, Some(QUEUED)));

    let mut looks = criterion.benchmark_group("look");
    let mut look = |name: &str, what: &mut dyn FnMut()| one(&mut looks, name, others, what);
    look("queue_held", &mut || {
        black_box(held.queue());
    });
    look("queue_sock_diag", &mut || {
        black_box(looked_up.queue());
    });
    look("queue_group", &mut || {
        black_box(dumped.queue());
    });
    look("queue_proc", &mut || {
        black_box(by_proc());
    });
    look("queue_ss", &mut || {
        let status = Command::new("ss").arg("-ltn").stdout(Stdio::null()).status();
        assert!(status.expect("ss, of iproute2").success());
    });
    look("look", &mut || {
        black_box(held.look());
    });
    look("arrivals", &mut || {
        black_box(held.arrivals());
    });
    looks.finish();
}

fn one(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, others: usize, what: &mut dyn FnMut()) {
    group.bench_function(BenchmarkId::new(name, others), |bencher| bencher.iter(&mut *what));
}

/// Listeners of one address with clients in their queues.
struct Server {
    sockets: Vec<Arc<OwnedFd>>,
    _clients: Vec<TcpStream>,
}

impl Server {
    fn with_queue(members: usize) -> Self {
        let mut address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sockets = (0..members).map(|_| {
            let listener = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
            set_socket_reuseport(&listener, members > 1).expect("SO_REUSEPORT");
            bind(&listener, &address).expect("a free port, or that of the group");
            listen(&listener, 128).expect("a listener");
            address = getsockname(&listener).expect("its address").try_into().expect("an IP address");
            Arc::new(listener)
        });
        let sockets = sockets.collect();
        let clients = (0..QUEUED).map(|_| TcpStream::connect(address).expect("a client")).collect();
        Self { sockets, _clients: clients }
    }

    fn observer(&self, held: bool) -> Observer {
        let mut observer = Observer::open(Duration::from_secs(1));
        let watched = self.sockets.iter().map(|socket| Watched {
            listener: Listener::of(socket).expect("a listener"),
            duplicate: held.then(|| Arc::clone(socket)),
        });
        observer.watch(watched.collect());
        observer
    }
}

/// The medians, and how many times dearer `ss` is.
fn summary(begin: SystemTime) {
    let rows = LOOKS.map(|(name, what)| {
        let medians = OTHERS.map(|others| median_us(name, others, begin));
        let ss = median_us("queue_ss", OTHERS[0], begin);
        let ratio = medians[0].zip(ss).map(|(median, ss)| ss / median);
        let ratio = ratio.map(|ratio| format!("{ratio:.*}", usize::from(ratio < 10.0)));
        let cell = |us: Option<f64>| us.map_or("-".into(), |us| format!("{us:.2}"));
        vec![what.to_owned(), cell(medians[0]), cell(medians[1]), ratio.unwrap_or("-".into())]
    });
    table::print(&["median, µs", "alone", "20,000 others", "`ss` / this"], &rows);
}

/// What criterion has written since `begin`; `None` where a filter left it out.
fn median_us(name: &str, others: usize, begin: SystemTime) -> Option<f64> {
    let file: PathBuf =
        [RESULTS, "look", name, &others.to_string(), "new", "estimates.json"].iter().collect();
    let written = file.metadata().and_then(|metadata| metadata.modified()).ok();
    written.filter(|written| *written >= begin)?;
    let estimates: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / 1000.0)
}
