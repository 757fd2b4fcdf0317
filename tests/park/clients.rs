//! Clients that do not behave as clients do, on connections that are parked.
use crate::odd::Odd;
use crate::support::trial::trial;
use crate::support::{process, wait_for};
use crate::talk::{busy, get, hear, is_answered, is_at_its_end, is_told_once, kept_alive, raw};
use lameduck::sockets::mark::RAISED;
use lameduck::sockets::memory::TIE_QUIET;
use libtest_mimic::Trial;
use rustix::net::sockopt::set_socket_linger;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// How much of what a client pushes has to be read: more than a mark could ever keep from its reader. How much waits
/// meanwhile is the kernel's to say, as without park: up to tcp_rmem(7), by how fast the reader is.
const READ: u64 = 4 * RAISED as u64;
/// How long a client thinks before it sends what is no whole request. Within a second of an answer whose clock ties that
/// might be a body's: the server is given it then, and the drain bounded by its own limits.
const THINKS: Duration = TIE_QUIET.saturating_add(Duration::from_millis(500));
/// What lameduck may grow by, in KiB.
const GROWTH: u64 = 16 << 10;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("half_a_request_line_is_answered_and_holds_no_drain", &Ok(()), half_a_line),
        trial("what_is_no_request_is_the_servers_and_parked_no_more", &Ok(()), no_request),
        trial("a_client_that_pushes_a_body_without_an_end_takes_no_memory", &Ok(()), || {
            flood(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n", b'x');
        }),
        trial("a_client_that_pushes_empty_lines_takes_no_memory", &Ok(()), || {
            // At the mark the server is woken and reads what it likes to, as without park.
            flood(b"\r\n", b'\n');
        }),
        trial("clients_that_reset_hold_no_drain", &Ok(()), resets),
    ]
}

fn half_a_line() {
    let mut odd = Odd::start("polite", &[]);
    let mut client = kept_alive(odd.server.address(), 1).remove(0);
    let mut working = busy(&odd);
    odd.stop_and_park(2);
    thread::sleep(THINKS);
    client.send(b"GET / HT").expect("half a line");
    is_told_once(&mut client);
    is_answered(&mut working, &odd);
    let report = odd.end();
    assert_eq!(
        (&report["outcome"], &report["late_requests"]["answered"]),
        (&"drained".into(), &1.into()),
        "{report}"
    );
}

/// Of another protocol, which its server answers all the same.
fn no_request() {
    let mut odd = Odd::start("polite", &[]);
    let mut client = kept_alive(odd.server.address(), 1).remove(0);
    let mut working = busy(&odd);
    odd.stop_and_park(2);
    // Once it may have been a body's rest; the second time it is known.
    for _ in 0..2 {
        thread::sleep(THINKS);
        wait_for("both to be parked", || (odd.marks() == [RAISED; 2]).then_some(()));
        client.send(b"hello\r\n\r\n").expect("a line");
        assert_eq!(hear(&mut client).expect("the server's answer").0, 200);
    }
    assert_eq!(odd.marks(), [1, RAISED], "the first is the server's alone");
    client.send(b"hello\r\n\r\n").expect("a line");
    assert_eq!(hear(&mut client).expect("the server's answer").0, 200);
    is_answered(&mut working, &odd);
    is_at_its_end(&mut client);
    let report = odd.end();
    let park = &report["park"];
    assert_eq!(
        (&park["released"], &park["unknown"], &park["at_rest"]),
        (&1.into(), &1.into(), &1.into()),
        "{report}"
    );
    assert_eq!(report["late_requests"]["answered"], 0, "{report}");
}

fn flood(head: &[u8], piece: u8) {
    let mut odd = Odd::start("polite", &["--timeout", "2m"]);
    let mut client = raw(&odd);
    let mut working = busy(&odd);
    odd.stop_and_park(2);
    let before = resident(odd.server.pid());
    thread::sleep(THINKS);
    client.set_nonblocking(true).expect("a flag");
    client.write_all(head).expect("the beginning");
    let (piece, mut pushed, mut highest) = (vec![piece; 64 << 10], head.len(), before);
    let read = wait_for("enough to be read", || {
        // Until what both ends hold is full.
        let pushing = loop {
            match client.write(&piece) {
                Ok(length) => pushed += length,
                Err(error) => break error.kind() == ErrorKind::WouldBlock,
            }
        };
        highest = highest.max(resident(odd.server.pid()));
        let read = (pushed as u64).saturating_sub(underway(&client));
        // A client that is told, and reset, has been read as far as it shall be.
        (read > READ || !pushing).then_some(read)
    });
    println!("pushed {pushed} bytes, {read} read; lameduck grew by {} KiB", highest - before);
    assert!(read > READ, "{read} bytes were read");
    assert!(highest - before <= GROWTH, "lameduck grew by {} KiB", highest - before);
    drop(client);
    is_answered(&mut working, &odd);
    odd.end();
}

/// The resident set of a process, in KiB; 0 when it has gone.
fn resident(pid: u32) -> u64 {
    let field = process::field(pid, "VmRSS");
    field.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The bytes of this client's that wait to be acknowledged or to be read (proc_pid_net(5)).
pub fn underway(client: &TcpStream) -> u64 {
    let rows = fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
    let ends = [client.local_addr(), client.peer_addr()]
        .map(|end| format!("0100007F:{:04X}", end.expect("an address").port()));
    let queues = rows.lines().filter_map(|row| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let (unacknowledged, unread) = words.get(4)?.split_once(':')?;
        match (words[1] == ends[0], words[1] == ends[1]) {
            (true, _) if words[2] == ends[1] => Some(unacknowledged),
            (_, true) if words[2] == ends[0] => Some(unread),
            _ => None,
        }
    });
    queues.map(|queue| u64::from_str_radix(queue, 16).expect("a length")).sum()
}

/// Parked; with a late request that is not whole; being answered.
fn resets() {
    let mut odd = Odd::start("polite", &[]);
    let open = || {
        let client = raw(&odd);
        set_socket_linger(&client, Some(Duration::ZERO)).expect("an option");
        client
    };
    let (parked, mut waiting, mut answered) = (open(), open(), open());
    let mut working = busy(&odd);
    odd.stop_and_park(4);
    drop(parked);
    // The server sees the reset in spite of the mark, and lets it go.
    wait_for("the server to let it go", || (odd.marks().len() == 3).then_some(()));
    waiting
        .write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
        .expect("a part");
    answered.write_all(get("/").as_bytes()).expect("a late request");
    let mut first = [0];
    answered.read_exact(&mut first).expect("the 503");
    drop(waiting);
    drop(answered);
    wait_for("the server to let them go", || (odd.marks().len() == 1).then_some(()));
    is_answered(&mut working, &odd);
    is_at_its_end(&mut working);
    let report = odd.end();
    let late = &report["late_requests"];
    assert_eq!((&late["answered"], &report["left_behind"]["unanswered"]), (&1.into(), &0.into()), "{report}");
    assert_eq!(report["outcome"], "drained");
}
