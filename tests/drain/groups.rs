//! SO_REUSEPORT groups of any size, one member of which leaves in the middle of the drain, under load; held and joined.
use crate::support::load::{Result, plan, until_gone};
use crate::support::ports::free_port;
use crate::support::process;
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Two requests at a time, 20 ms each and one in 25 half a second: 39 ms each.
const RATE: f64 = 90.0;
const BACKLOG: usize = 60;
const SIZES: [usize; 4] = [1, 2, 8, 64];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for size in SIZES {
        trials.push(trial(
            &format!("a_group_of_{size}_one_of_which_leaves_loses_nobody"),
            &Ok(()),
            move || {
                let (tally, _) = one_leaves(&group(size, &[]), "capture=getfd");
                assert_eq!(tally.tally.lost, 0, "{tally:?}");
            },
        ));
    }
    for size in [2, 8, 64] {
        trials.push(trial(&format!("a_joined_group_of_{size}_loses_nobody"), &Ok(()), move || joined(size)));
        let name = format!("a_joined_group_of_{size}_loses_at_most_who_is_queued_at_the_one_that_leaves");
        trials.push(trial(&name, &Ok(()), move || {
            let (result, queued) = one_leaves(&group(size, &["--capture", "none"]), "capture=none");
            // And whoever's handshake was on its way there.
            assert!(result.tally.lost <= queued + 1, "{queued} were queued: {result:?}");
        }));
    }
    trials.push(trial("a_member_that_joins_behind_the_gate_gets_nobody", &Ok(()), one_joins));
    trials.push(trial("a_listener_that_appears_behind_the_gate_is_gated", &Ok(()), one_appears));
    trials
}

pub fn group(size: usize, options: &[&str]) -> Builder {
    speaking(0, size, options)
}

/// The same of sockets of this protocol.
pub fn speaking(protocol: u32, size: usize, options: &[&str]) -> Builder {
    let port = free_port();
    let script = format!("{}/group.py", python::SERVERS);
    let [port_text, size, protocol] = [port.to_string(), size.to_string(), protocol.to_string()];
    let args = [&script, "127.0.0.1", &port_text, &size, &protocol].map(str::to_owned);
    Builder::new(port, python::program("python"), args).under_lameduck(options)
}

pub fn signal(server: &Server, number: i32, said: &str) {
    let child = server.processes().into_iter().find(|pid| *pid != server.pid()).expect("the server itself");
    process::kill(child, number);
    wait_for(said, || server.log().contains(said).then_some(()));
}

fn checked(server: &Server, result: &Result, logged: &str) {
    println!("{:?}", result.tally);
    assert!(server.log().contains("gate=divert") && server.log().contains(logged), "{}", server.log());
    assert!(server.log().contains("outcome=drained"), "time was over: {}", server.log());
    assert_eq!((result.tally.other_answers, result.status.code()), (0, Some(0)), "{result:?}");
    assert!(result.tally.answered > 0 && result.tally.answered_late > 0, "{result:?}");
}

/// Gives how many were queued at the one that left.
fn one_leaves(server: &Builder, logged: &str) -> (Result, u64) {
    let mut server = server.clone().start();
    let plan = plan(&server, RATE);
    let result = until_gone(&mut server, plan, BACKLOG, |server| {
        server.signal(libc::SIGTERM);
        wait_for("the gate", || server.log().contains("gate closed").then_some(()));
        signal(server, libc::SIGUSR1, "one has left");
    });
    checked(&server, &result, logged);
    let queued = queued_when(&server, "one has left");
    (result, queued)
}

/// How many were queued at it, as the server said.
pub fn queued_when(server: &Server, said: &str) -> u64 {
    let log = server.log();
    let queued = log.split_once(&format!("{said}, queued: ")).and_then(|(_, rest)| rest.lines().next());
    queued.expect("a figure").parse().expect("a number")
}

fn joined(size: usize) {
    for _ in 0..runs() {
        let mut server = group(size, &["--capture", "none"]).start();
        let plan = plan(&server, RATE);
        let result = until_gone(&mut server, plan, BACKLOG, |server| server.signal(libc::SIGTERM));
        checked(&server, &result, "joined the server's own group");
        assert_eq!(result.tally.lost, 0, "{result:?}");
    }
}

/// In a process that the server already had. Somebody who is in flight holds the drain meanwhile.
fn one_appears() {
    let mut server = group(1, &[]).start();
    let mut holder = TcpStream::connect(server.address()).unwrap();
    holder.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    signal(&server, libc::SIGHUP, "also at ");
    let port = wait_for("its port", || {
        let log = server.log();
        log.split_once("also at ")?.1.split_once('\n')?.0.parse::<u16>().ok()
    });
    wait_for("the gate of the new one", || {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer.starts_with("HTTP/1.1 503 ").then_some(())
    });
    holder.write_all(b"\r\n").unwrap();
    let mut answer = String::new();
    holder.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

fn one_joins() {
    for capture in ["auto", "none"] {
        let mut server = group(2, &["--capture", capture]).start();
        let plan = plan(&server, RATE);
        let result = until_gone(&mut server, plan, BACKLOG, |server| {
            server.signal(libc::SIGTERM);
            wait_for("the gate", || server.log().contains("gate closed").then_some(()));
            signal(server, libc::SIGUSR2, "one has joined");
        });
        checked(&server, &result, "gate=divert");
        assert_eq!(result.tally.lost, 0, "{capture}: {result:?}");
    }
}
