//! The desk on real sockets: everyone gets an answer, nobody is reset, and the counts come out even.
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::net::sockopt::set_socket_linger;
use rustix::net::{listen, shutdown};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// Only a hang reaches it.
const BOUND: Duration = Duration::from_mins(1);
/// Nobody is answered for having been silent.
const PATIENT: Duration = Duration::from_hours(1);
/// How long a begun head is waited for, and how long a client may go on after the answer (`answer.rs`).
const HEAD_WITHIN: Duration = Duration::from_secs(5);
const LINGER: Duration = Duration::from_secs(2);

/// A desk that accepts late arrivals at an address.
struct Scene {
    desk: Desk,
    at: SocketAddr,
}

impl Scene {
    fn new() -> Self {
        Self::with(PATIENT)
    }

    fn with(silent_grace: Duration) -> Self {
        let desk = Desk::open(silent_grace).unwrap();
        let listener = listener(true);
        desk.accept_from(&listener).unwrap();
        Self { desk, at: address(&listener) }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.at).unwrap();
        client.set_read_timeout(Some(BOUND)).unwrap();
        client.set_nodelay(true).unwrap();
        client
    }

    /// A client that sends this and is answered 503.
    #[track_caller]
    fn answers(&self, what: &[u8]) {
        let client = self.connect();
        (&client).write_all(what).unwrap();
        assert_eq!(hear(client), RESPONSE);
        ends(&self.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
    }
}

fn listener(nonblocking: bool) -> OwnedFd {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listen(&listener, i32::MAX).unwrap();
    listener.set_nonblocking(nonblocking).unwrap();
    listener.into()
}

fn address(listener: &OwnedFd) -> SocketAddr {
    TcpListener::from(listener.try_clone().unwrap()).local_addr().unwrap()
}

/// All that comes until the end of the stream, which is no reset.
#[track_caller]
fn hear(mut client: TcpStream) -> String {
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    String::from_utf8(heard).unwrap()
}

/// Waits until nobody is at the desk, and compares what became of them.
#[track_caller]
fn ends(desk: &Desk, kind: Kind, expected: Served) {
    until(|| desk.busy() == 0 && total(desk.served(kind)) >= total(expected));
    assert_eq!(desk.served(kind), expected);
}

fn total(served: Served) -> u64 {
    served.open + served.answered + served.closed + served.gone
}

#[track_caller]
fn until(mut fact: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !fact() {
        assert!(begin.elapsed() < BOUND, "it never came to be");
        thread::yield_now();
    }
}

#[test]
fn http_1_1_and_http_1_0_are_answered() {
    Scene::new().answers(GET);
    Scene::new().answers(b"GET / HTTP/1.0\r\n\r\n");
}

#[test]
fn pipelined_requests_get_one_answer_and_a_clean_close() {
    Scene::new().answers(&GET.repeat(100));
}

#[test]
fn a_client_that_expects_100_continue_gets_the_final_answer() {
    Scene::new().answers(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
}

#[test]
fn a_head_that_is_too_long_or_never_ends_is_answered() {
    let long = [b"GET / HTTP/1.1\r\nA: ", &b"x".repeat(20 * 1024)[..], b"\r\n\r\n"].concat();
    Scene::new().answers(&long);
    Scene::new().answers(&long[..17 * 1024]);
}

#[test]
fn a_request_that_comes_byte_by_byte_is_answered_when_it_is_whole() {
    let scene = Scene::new();
    let mut client = scene.connect();
    for byte in GET {
        client.write_all(&[*byte]).unwrap();
    }
    assert_eq!(hear(client), RESPONSE);
}

#[test]
fn a_client_that_speaks_a_while_after_it_connected_is_answered() {
    let scene = Scene::new();
    let mut client = scene.connect();
    until(|| scene.desk.busy() == 1);
    thread::sleep(Duration::from_millis(50)); // what the client does, not what is waited for
    client.write_all(GET).unwrap();
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

const BODY: usize = 1 << 20;

fn post(client: &TcpStream) {
    let mut client = client;
    write!(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n").unwrap();
    for _ in 0..64 {
        client.write_all(&[b'x'; BODY / 64]).unwrap();
    }
}

#[test]
fn a_long_body_is_read_away_for_a_client_that_reads_only_afterwards() {
    let scene = Scene::new();
    let client = scene.connect();
    post(&client);
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_long_body_is_read_away_for_a_client_that_reads_meanwhile() {
    let scene = Scene::new();
    let client = scene.connect();
    let reading = client.try_clone().unwrap();
    let heard = thread::spawn(move || hear(reading));
    post(&client);
    assert_eq!(heard.join().unwrap(), RESPONSE);
    drop(client);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_client_that_closed_its_half_is_answered_whether_its_request_was_whole_or_not() {
    for request in [GET, &GET[..10]] {
        let scene = Scene::new();
        let mut client = scene.connect();
        client.write_all(request).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(hear(client), RESPONSE);
        ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
    }
}

#[test]
fn a_client_that_left_or_reset_is_gone() {
    let scene = Scene::new();
    drop(scene.connect());
    let client = scene.connect();
    set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    drop(client);
    ends(&scene.desk, Kind::LateArrival, Served { gone: 2, ..Served::default() });
}

#[test]
fn what_is_not_http_is_read_and_closed_without_a_reset() {
    let tls = [&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03][..], &[7; 500]].concat();
    let noise: Vec<u8> =
        (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let scene = Scene::new();
    for what in [&tls[..], b"PING\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &noise] {
        let mut client = scene.connect();
        client.write_all(what).unwrap();
        assert_eq!(hear(client), "");
    }
    ends(&scene.desk, Kind::LateArrival, Served { closed: 4, ..Served::default() });
}

#[test]
fn a_client_that_never_speaks_is_answered_after_the_grace_for_silence() {
    let grace = Duration::from_millis(100);
    let scene = Scene::with(grace);
    let begin = Instant::now();
    let client = scene.connect();
    assert_eq!(hear(client), RESPONSE);
    assert!(begin.elapsed() >= grace);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_client_that_stops_in_the_middle_of_its_head_is_answered_after_the_head_s_bound() {
    let scene = Scene::with(Duration::from_millis(100));
    let begin = Instant::now();
    let mut client = scene.connect();
    client.write_all(b"GET /").unwrap();
    assert_eq!(hear(client), RESPONSE);
    assert!(begin.elapsed() >= HEAD_WITHIN);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_client_that_never_closes_keeps_nobody_busy_for_long() {
    let scene = Scene::new();
    let mut client = scene.connect();
    client.write_all(GET).unwrap();
    let begin = Instant::now();
    until(|| scene.desk.served(Kind::LateArrival).answered == 1);
    assert!(begin.elapsed() >= LINGER);
    assert_eq!(scene.desk.busy(), 0);
    assert_eq!(hear(client), RESPONSE, "and what it was told is still there");
}

#[test]
fn a_connection_that_was_accepted_elsewhere_is_answered_and_counted_by_its_kind() {
    let scene = Scene::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    scene.desk.serve(server.accept().unwrap().0.into(), Kind::Rest); // one that blocks
    assert_eq!(scene.desk.busy(), 1);
    client.write_all(GET).unwrap();
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::Rest, Served { answered: 1, ..Served::default() });
    assert_eq!(scene.desk.served(Kind::LateArrival), Served::default());
    scene.desk.close();
}

#[test]
fn thousands_at_once_are_all_answered() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    // Both ends are in this process, beside the other tests.
    let clients = maximum.map_or(3000, |limit| (limit.saturating_sub(200) / 2).min(3000));
    let scene = Scene::new();
    let waiting: Vec<TcpStream> = (0..clients).map(|_| scene.connect()).collect();
    until(|| scene.desk.busy() == clients);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            until(|| {
                let seen = scene.desk.served(Kind::LateArrival);
                assert!(total(seen) >= clients, "somebody is counted nowhere: {seen:?}");
                seen.open == 0
            });
        });
        for mut client in &waiting {
            client.write_all(GET).unwrap();
        }
        for client in waiting {
            assert_eq!(hear(client), RESPONSE);
        }
        watching.join().unwrap();
    });
    ends(&scene.desk, Kind::LateArrival, Served { answered: clients, ..Served::default() });
}

#[test]
fn the_rest_is_taken_in_competition_with_the_server_and_nobody_is_lost_or_served_twice() {
    const CLIENTS: u64 = 400;
    for nonblocking in [true, false] {
        let mut desk = Desk::open(PATIENT).unwrap();
        let listener = Arc::new(listener(nonblocking));
        let flags = fcntl_getfl(&listener).unwrap();
        assert_eq!(flags.contains(OFlags::NONBLOCK), nonblocking);
        let connect = || {
            let mut client = TcpStream::connect(address(&listener)).unwrap();
            client.write_all(GET).unwrap();
            client
        };
        let mut clients: Vec<TcpStream> = (0..CLIENTS / 2).map(|_| connect()).collect();
        let server = TcpListener::from(listener.try_clone().unwrap());
        let by_server = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&by_server);
        let serving = thread::spawn(move || {
            loop {
                match server.accept() {
                    Ok((mut accepted, _)) => {
                        accepted.set_nonblocking(false).unwrap();
                        accepted.read_exact(&mut [0; GET.len()]).unwrap();
                        accepted.write_all(b"served").unwrap();
                        count.fetch_add(1, SeqCst);
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => thread::yield_now(),
                    Err(error) => return error.raw_os_error(),
                }
            }
        });
        desk.take_the_rest(Arc::clone(&listener)).unwrap();
        clients.extend((0..CLIENTS / 2).map(|_| connect()));
        let heard: Vec<String> = clients.into_iter().map(hear).collect();
        let answered = heard.iter().filter(|heard| *heard == RESPONSE).count() as u64;
        let others = heard.iter().filter(|heard| *heard == "served").count() as u64;
        assert_eq!((answered + others, by_server.load(SeqCst)), (CLIENTS, others));
        ends(&desk, Kind::Rest, Served { answered, ..Served::default() });
        assert_eq!(fcntl_getfl(&listener).unwrap(), flags, "the server's flags are as they were");

        shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
        assert_eq!(serving.join().unwrap(), Some(libc::EINVAL));
        until(|| Arc::strong_count(&listener) == 1); // the taker has gone
        desk.close();
    }
}

#[test]
fn a_taker_whose_desk_is_closed_leaves_who_comes_to_others() {
    let mut desk = Desk::open(PATIENT).unwrap();
    let listener = Arc::new(listener(true));
    desk.take_the_rest(Arc::clone(&listener)).unwrap();
    desk.close();
    let mut client = TcpStream::connect(address(&listener)).unwrap();
    client.write_all(GET).unwrap();
    until(|| Arc::strong_count(&listener) == 1);
    let other = TcpListener::from(listener.try_clone().unwrap());
    let mut accepted = other.accept().unwrap().0;
    accepted.read_exact(&mut [0; GET.len()]).unwrap();
    accepted.write_all(b"served").unwrap();
    drop(accepted);
    assert_eq!(hear(client), "served");
}

/// Set in a process of its own, in which the test below plays the desk.
const DESCRIPTORS: &str = "LAMEDUCK_TEST_DESCRIPTORS";

#[test]
fn with_few_descriptors_all_are_answered_in_turns() {
    const CLIENTS: usize = 150;
    if let Ok(limit) = std::env::var(DESCRIPTORS) {
        return desk_with_descriptors(limit.parse().unwrap());
    }
    let name = "with_few_descriptors_all_are_answered_in_turns";
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(DESCRIPTORS, "64")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut line_of = |word: &str| loop {
        let line = lines.next().unwrap_or_else(|| panic!("{name}: no line with {word:?}")).unwrap();
        if let Some((_, rest)) = line.split_once(word) {
            break rest.to_owned();
        }
    };
    let addresses: Vec<SocketAddr> =
        line_of("desk at ").split(' ').map(|address| address.parse().unwrap()).collect();
    let clients: Vec<TcpStream> = addresses
        .iter()
        .cycle()
        .take(2 * CLIENTS)
        .map(|at| {
            let mut client = TcpStream::connect(at).unwrap();
            client.write_all(GET).unwrap();
            client
        })
        .collect();
    for client in clients {
        assert_eq!(hear(client), RESPONSE);
    }
    drop(process.stdin.take()); // all have their answer
    assert_eq!(line_of("answered "), format!("{CLIENTS} {CLIENTS} of {CLIENTS} {CLIENTS}"));
    assert!(process.wait().unwrap().success());
}

fn desk_with_descriptors(limit: u64) {
    setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
    let mut desk = Desk::open(PATIENT).unwrap();
    let (late, rest) = (listener(true), Arc::new(listener(false)));
    desk.accept_from(&late).unwrap();
    desk.take_the_rest(Arc::clone(&rest)).unwrap();
    println!("desk at {} {}", address(&late), address(&rest));
    assert_eq!(std::io::stdin().read(&mut [0]).unwrap(), 0);
    until(|| desk.busy() == 0);
    let (late, rest) = (desk.served(Kind::LateArrival), desk.served(Kind::Rest));
    println!("answered {} {} of {} {}", late.answered, rest.answered, total(late), total(rest));
}

/// tokio panics where it lacks descriptors, and a panic would leave the server without its signal.
#[test]
fn where_descriptors_lack_the_desk_does_not_open_and_nothing_panics() {
    const LEFT: &str = "LATE_ARRIVALS_TEST_DESCRIPTORS_LEFT";
    let name = "where_descriptors_lack_the_desk_does_not_open_and_nothing_panics";
    if let Ok(left) = std::env::var(LEFT) {
        let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64 - 1;
        let limit = used + left.parse::<u64>().unwrap();
        setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
        let opened = Desk::open(PATIENT).map(Desk::close);
        return println!("opened {}", opened.is_ok());
    }
    // A runtime of its own for each: what tokio has made once it keeps.
    let opened = |left: u64| {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let alone = alone.args(["--exact", name, "--nocapture"]).env(LEFT, left.to_string());
        let output = alone.output().unwrap();
        assert!(output.status.success(), "{left} left: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).contains("opened true")
    };
    let opened: Vec<bool> = (0..=20).map(opened).collect();
    assert!(!opened[0] && opened[20] && opened.is_sorted(), "{opened:?}");
}
