//! One look at ten thousand connections of one process, with all that the parking does at it, beside other ways to see
//! the same. Processor time of the one thread that looks.
use super::clients::at_rest;
use super::supervised::{Supervised, cpu_ns};
use super::support::spread::Spread;
use super::support::table;
use clap::Parser;
use lameduck::cli::{Cli, ParkArgs, Verb};
use lameduck::commands::run::parking::Parking;
use lameduck::sockets::diag::{Family, Name, SockDiag, States};
use lameduck::sockets::duplicate;
use lameduck::sockets::owners::Owners;
use lameduck::sockets::processes::descendants;
use lameduck::sockets::tcp_info::TCP_INFO_MAX;
use lameduck::sockets::{Observer, Watched, Whose, mark, sys};
use rustix::process::getpid;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 10_000;
/// A look raises a thousand marks at most.
const RAISING: usize = 10;
const LOOKS: usize = 50;
const SILENT_GRACE: Duration = Duration::from_secs(1);

/// Measures, and prints the table.
pub fn measure() {
    duplicate::permitted().expect("pidfd_getfd(2), without which nothing is parked");
    let server = Supervised::alone();
    let _clients = at_rest(server.address, CONNECTIONS);
    let mut rows = Vec::new();
    let mut add = |what: &str, spread: &Spread| rows.push([vec![what.to_owned()], cells(spread)].concat());

    let mut others = OtherWays::new(server.address.port());
    add("the dump alone", &spread(LOOKS, || others.dump()));
    add("exact look-ups alone", &spread(LOOKS / 5, || others.look_up()));
    add("a duplicate each: TCP_INFO, FIONREAD, close", &spread(LOOKS / 5, || others.duplicate()));
    add("a pass over the server's descriptors", &spread(LOOKS / 5, || others.find()));

    let mut ticks = Ticks::new();
    add("a tick that raises 1,000 marks", &spread(RAISING, || ticks.tick()));
    assert_eq!(
        ticks.parking.figures().parked,
        CONNECTIONS as u64,
        "the kernel's clocks tell that all are at rest"
    );
    // Until its silences are rests, and afterwards: no difference.
    add("a tick with all of them parked", &spread(LOOKS, || ticks.tick()));
    let columns = ["10,000 at rest, ms of one core", "min", "median", "p90", "max"];
    table::print(&columns, &rows);
}

fn cells(spread: &Spread) -> Vec<String> {
    [0, 50, 90, 100].map(|percent| format!("{:.2}", spread.percentile(percent))).into()
}

/// Milliseconds of processor time.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn spread(times: usize, mut what: impl FnMut()) -> Spread {
    Spread::of((0..times).map(|_| {
        let before = cpu_ns();
        what();
        (cpu_ns() - before) as f64 / 1e6
    }))
}

/// What `lameduck run` does at each look behind a closed gate.
struct Ticks {
    observer: Observer,
    parking: Parking,
    begin: Instant,
}

impl Ticks {
    fn new() -> Self {
        let mut observer = Observer::open(SILENT_GRACE);
        let found = observer.discover(&Whose::Ours, &[]).listeners;
        assert_eq!(found.len(), 1, "{found:?}");
        observer.watch(found.into_iter().map(|listener| Watched { listener, duplicate: None }).collect());
        let mut parking = Parking::new(Whose::Ours, &defaults(), SILENT_GRACE);
        parking.gated(Duration::ZERO);
        Self { observer, parking, begin: Instant::now() }
    }

    fn tick(&mut self) {
        let Self { observer, parking, begin } = self;
        parking.begin_look(begin.elapsed());
        let look = observer.look_with(&mut |row, counters, standing| parking.judge(row, counters, standing));
        parking.end_look();
        let seen = look.idle.zip(look.in_flight).map(|(idle, in_flight)| idle + in_flight);
        assert_eq!(seen, u32::try_from(CONNECTIONS).ok(), "{look:?}");
    }
}

fn defaults() -> ParkArgs {
    match Cli::parse_from(["lameduck", "run", "server"]).verb {
        Verb::Run(args) => args.park,
        other => panic!("{other:?}"),
    }
}

/// The same facts, had in other ways.
struct OtherWays {
    diag: SockDiag,
    owners: Owners,
    port: u16,
    names: Vec<Name>,
    inodes: Vec<u64>,
}

impl OtherWays {
    fn new(port: u16) -> Self {
        let mut ways = Self {
            diag: SockDiag::open().expect("sock_diag"),
            owners: Owners::default(),
            port,
            names: Vec::new(),
            inodes: Vec::new(),
        };
        let Self { diag, names, inodes, .. } = &mut ways;
        let each = |row: &lameduck::sockets::diag::Row| {
            names.push(row.name());
            inodes.push(row.inode());
        };
        diag.walk(Family::V4, States::Connections, Some(port), each).expect("a dump");
        assert_eq!(ways.names.len(), CONNECTIONS);
        ways
    }

    fn dump(&mut self) {
        let mut rows = 0;
        let each = |_: &lameduck::sockets::diag::Row| rows += 1;
        self.diag.walk(Family::V4, States::Connections, Some(self.port), each).expect("a dump");
        assert_eq!(rows, CONNECTIONS);
    }

    fn look_up(&mut self) {
        for name in &self.names {
            self.diag.connection(name).expect("an answer").expect("a connection at rest");
        }
    }

    fn duplicate(&mut self) {
        self.find_once();
        for inode in &self.inodes {
            let socket = self.owners.duplicate(*inode).expect("the server's descriptor");
            let mut buffer = [0; TCP_INFO_MAX];
            sys::tcp_info(&socket, &mut buffer).expect("TCP_INFO");
            assert_eq!(mark::unread(&socket).expect("FIONREAD"), 0);
        }
    }

    fn find_once(&mut self) {
        if !self.owners.may_hold(self.inodes[0]) {
            self.find();
        }
    }

    fn find(&mut self) {
        self.owners.find(&descendants(getpid()));
    }
}
