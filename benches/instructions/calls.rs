//! What is counted: this program, started again, makes each call as often as it is told to.
use lameduck::drain::{Condition, Drain, Event, Observation, Policy};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Settings};
use lameduck::park::{Connection, Seen};
use lameduck::sockets::connections::Standing;
use lameduck::sockets::watched::Watched;
use lameduck::sockets::{Listener, Observer, listen};
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// The first argument of this program when it makes calls; then come the call's id and how often.
pub const ROLE: &str = "make-calls";
/// And when it is the clients of a desk; then come the port and how many.
const CLIENTS: &str = "be-clients";

/// A call that is counted.
pub struct Call {
    pub id: &'static str,
    pub name: &'static str,
    /// It is made so often, and so often in another run.
    pub few: u32,
    pub many: u32,
    make: fn(u32),
}

pub const CALLS: [Call; 6] = [
    Call { id: "held", name: "the queue, by TCP_INFO on a duplicate", few: 100, many: 1_100, make: held },
    Call {
        id: "looked-up",
        name: "the queue, by an exact look-up (sock_diag)",
        few: 100,
        many: 1_100,
        make: looked_up,
    },
    Call { id: "look", name: "`Observer::look`, 1,000 connections", few: 10, many: 60, make: look },
    Call {
        id: "step",
        name: "a step of the drain: a look behind the gate",
        few: 100,
        many: 10_100,
        make: step,
    },
    Call { id: "park", name: "a look at one parked connection", few: 100, many: 10_100, make: park },
    Call {
        id: "late",
        name: "a late arrival, from accept to close",
        few: 100,
        many: 1_100,
        make: late_arrivals,
    },
];

/// Whether this process was started to make calls, or as clients; then it has.
pub fn played() -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some([role, what, count]) = arguments.first_chunk() else { return false };
    let count = count.parse::<u32>();
    match (role.as_str(), count) {
        (ROLE, Ok(times)) => {
            let call = CALLS.iter().find(|call| call.id == what).expect("a call");
            (call.make)(times);
        }
        (CLIENTS, Ok(count)) => {
            let port: u16 = what.parse().expect("a port");
            (0..count).for_each(|_| ask(([127, 0, 0, 1], port).into()));
        }
        _ => return false,
    }
    true
}

const SILENT_GRACE: Duration = Duration::from_mins(10);
const CONNECTIONS: usize = 1_000;

/// An observer of a listener in whose queue so many wait.
fn observer(held: bool, queued: usize) -> (Observer, Arc<OwnedFd>, Vec<TcpStream>) {
    let listener = Arc::new(listen::at(([127, 0, 0, 1], 0).into()).expect("a free port"));
    let address = address(&listener);
    let mut observer = Observer::open(SILENT_GRACE);
    let duplicate = held.then(|| Arc::clone(&listener));
    observer.watch(vec![Watched { listener: Listener::of(&listener).expect("a listener"), duplicate }]);
    let clients = (0..queued).map(|_| TcpStream::connect(address).expect("a client")).collect();
    (observer, listener, clients)
}

fn address(listener: &OwnedFd) -> SocketAddr {
    rustix::net::getsockname(listener).expect("its address").try_into().expect("IP")
}

fn held(times: u32) {
    let (mut observer, _listener, _client) = observer(true, 1);
    for _ in 0..times {
        assert_eq!(black_box(observer.queue().0), Some(1));
    }
}

fn looked_up(times: u32) {
    let (mut observer, _listener, _client) = observer(false, 1);
    for _ in 0..times {
        assert_eq!(black_box(observer.queue().0), Some(1));
    }
}

/// At a server that has accepted them all, and has answered.
fn look(times: u32) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the limit of descriptors");
    let (mut observer, listener, _) = observer(true, 0);
    let listener = TcpListener::from(listener.try_clone().expect("a duplicate"));
    let address = listener.local_addr().expect("its address");
    let _both: Vec<(TcpStream, TcpStream)> = (0..CONNECTIONS)
        .map(|_| {
            let mut client = TcpStream::connect(address).expect("a client");
            let mut server = listener.accept().expect("its connection").0;
            client.write_all(b"?").expect("a request");
            server.read_exact(&mut [0]).expect("the request");
            server.write_all(b"!").expect("an answer");
            (client, server)
        })
        .collect();
    for _ in 0..times {
        let look = black_box(observer.look());
        let seen = look.idle.zip(look.in_flight).map(|(idle, in_flight)| idle + in_flight);
        assert_eq!(seen, u32::try_from(CONNECTIONS).ok(), "{look:?}");
    }
}

/// Behind a gate, with a request in flight.
fn step(times: u32) {
    let second = Duration::from_secs(1);
    let mut drain = Drain::new(Policy {
        timeout: second * 3600,
        deadline: None,
        reserve: second,
        lame_duck: Duration::ZERO,
        unseen_lame_duck: Duration::ZERO,
        propagation: Duration::ZERO,
        settle: Duration::ZERO,
        settle_timeout: second,
        wait_for: Condition::ALL.to_vec(),
        in_flight_timeout: None,
        silent_grace: second,
        kill_after: second,
    });
    let seen = Observation {
        arrivals: Some(1),
        queue: Some(0),
        half_open: Some(0),
        unread: Some(0),
        in_flight: Some(1),
        silent: Some(0),
        idle: Some(0),
        unknown: Some(0),
    };
    drain.step(Duration::ZERO, Event::StopSignal);
    drain.step(Duration::from_millis(1), Event::Observed(seen));
    for time in 0..times {
        let now = Duration::from_millis(2) + Duration::from_micros(u64::from(time));
        assert!(black_box(drain.step(now, Event::Observed(black_box(seen)))).is_empty());
    }
}

fn park(times: u32) {
    let seen = |at| Seen {
        at,
        received: 100,
        unread: 0,
        sent: 200,
        delivered: true,
        client_quiet: Duration::from_secs(2) + at,
        server_quiet: Duration::from_secs(1) + at,
        half_closed: false,
        standing: Some(Standing::Idle),
    };
    let mut connection = Connection::default();
    connection.look(&seen(Duration::ZERO));
    connection.raised();
    for time in 1..=times {
        let at = Duration::from_micros(u64::from(time));
        assert_eq!(black_box(connection.look(black_box(&seen(at)))), None);
    }
}

/// The clients are another process: it is not counted.
fn late_arrivals(times: u32) {
    let listener = listen::at(([127, 0, 0, 1], 0).into()).expect("a free port");
    rustix::io::ioctl_fionbio(&listener, true).expect("O_NONBLOCK");
    let desk = Desk::open(Settings::answering(SILENT_GRACE)).expect("a thread");
    desk.accept_from(&listener, None).expect("a descriptor");
    let this = std::env::current_exe().expect("this program");
    let port = address(&listener).port().to_string();
    let clients = Command::new(this).args([CLIENTS, &port, &times.to_string()]).status();
    assert!(clients.is_ok_and(|status| status.success()), "its clients");
    while desk.served(Kind::LateArrival).answered < u64::from(times) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";

fn ask(address: SocketAddr) {
    let mut client = TcpStream::connect(address).expect("a connection to the desk");
    client.write_all(REQUEST).expect("a request");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an answer");
    assert_eq!(answer, RESPONSE.as_bytes());
    set_socket_linger(&client, Some(Duration::ZERO)).expect("SO_LINGER");
}
