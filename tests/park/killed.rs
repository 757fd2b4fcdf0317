//! lameduck is killed while connections are parked. Outside of a container the server outlives it, and nobody is left
//! to lower the marks.
//!
//! What happens then: a request on a parked connection stays unread; its client gets an end only by its own: a FIN wakes
//! the server whatever the mark, which then reads what waits, and closes. New connections come to the server again.
use crate::odd::Odd;
use crate::support::process::kill;
use crate::support::trial::trial;
use crate::support::wait_for;
use crate::talk::{busy, get, is_answered, kept_alive, raw};
use lameduck::sockets::mark::RAISED;
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::process::ExitStatusExt;

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "killed_while_connections_are_parked_their_clients_end_keeps_the_server_clean",
        &Ok(()),
        killed,
    )]
}

fn killed() {
    let mut odd = Odd::start("polite", &[]);
    let idle = kept_alive(odd.server.address(), 2);
    let mut asking = raw(&odd);
    let mut working = busy(&odd);
    odd.stop_and_park(4);
    odd.server.signal(libc::SIGKILL);
    assert_eq!(odd.server.wait(crate::support::PATIENCE).signal(), Some(libc::SIGKILL));
    // The marks stay up; what the server works on it answers.
    assert_eq!(odd.marks(), [RAISED; 4]);
    is_answered(&mut working, &odd);
    // A client that closes its half behind a request gets its answer.
    asking.write_all(get("/").as_bytes()).expect("a request");
    asking.shutdown(Shutdown::Write).expect("a FIN");
    let mut answer = String::new();
    asking.read_to_string(&mut answer).expect("an answer, and the end");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // Those that their clients close, the server closes.
    drop(idle);
    wait_for("the server to let them go", || (odd.marks() == [RAISED]).then_some(()));
    // New connections are served again, and have no mark.
    let _new = kept_alive(odd.server.address(), 1);
    assert_eq!(odd.marks(), [RAISED, 1]);
    drop(working);
    wait_for("the server to let it go", || (odd.marks() == [1]).then_some(()));
    kill(odd.pid, libc::SIGTERM);
}
