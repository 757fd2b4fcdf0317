//! Few descriptors: all are answered in turns, and where there are none nothing panics.
use crate::scene::{GET, PATIENT, address, hear, listener, total, until};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Settings};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Set in a process of its own, in which the test below plays the desk.
const DESCRIPTORS: &str = "LAMEDUCK_TEST_DESCRIPTORS";

#[test]
fn with_few_descriptors_all_are_answered_in_turns() {
    const CLIENTS: usize = 150;
    if let Ok(limit) = std::env::var(DESCRIPTORS) {
        return desk_with_descriptors(limit.parse().unwrap());
    }
    let name = "descriptors::with_few_descriptors_all_are_answered_in_turns";
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
    let mut desk = Desk::open(Settings::answering(PATIENT)).unwrap();
    let (late, rest) = (listener(true), Arc::new(listener(false)));
    desk.accept_from(&late, None).unwrap();
    desk.take_the_rest(&rest).unwrap();
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
    let name = "descriptors::where_descriptors_lack_the_desk_does_not_open_and_nothing_panics";
    if let Ok(left) = std::env::var(LEFT) {
        let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64 - 1;
        let limit = used + left.parse::<u64>().unwrap();
        setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
        let opened = Desk::open(Settings::answering(PATIENT)).map(Desk::close);
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
