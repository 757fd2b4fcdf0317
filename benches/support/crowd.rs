//! A crowd of established connections that are none of the server's: the kernel's table as it is on a busy node.
//!
//! They are held by child processes, this program started again, because one process may not have that many
//! descriptors. A child ends with its standard input.
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The first argument of a child; the second is how many connections it makes.
const ROLE: &str = "hold-connections";
/// Descriptors that a child needs for all else.
const SPARE: usize = 64;

/// The crowd; dropped, it is gone, without a trace in `TIME_WAIT`.
#[derive(Debug)]
pub struct Crowd(Vec<Child>);

impl Crowd {
    /// Gathers so many established sockets: half of them are clients', half servers', all over loopback.
    ///
    /// # Panics
    /// When they cannot be had.
    pub fn gather(sockets: usize) -> Self {
        let per_child = (descriptors() - SPARE) / 2;
        let mut children = Vec::new();
        let mut left = sockets / 2;
        while left > 0 {
            let connections = left.min(per_child);
            let mut child = Command::new(std::env::current_exe().expect("this program"))
                .args([ROLE, &connections.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("this program, again");
            let mut line = String::new();
            let ready = BufReader::new(child.stdout.take().expect("its stdout")).read_line(&mut line);
            assert!(ready.is_ok() && line == "ready\n", "{sockets} sockets cannot be had");
            children.push(child);
            left -= connections;
        }
        Self(children)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for mut child in self.0.drain(..) {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

/// In a child: holds the connections to its end, and says `true`.
///
/// # Panics
/// When they cannot be had; the parent sees it.
pub fn held() -> bool {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(ROLE) {
        return false;
    }
    let connections: usize = arguments.next().and_then(|count| count.parse().ok()).expect("a count");
    descriptors();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    let mut held = Vec::with_capacity(connections);
    for _ in 0..connections {
        let client = TcpStream::connect(address).expect("a connection");
        // Its close is a reset: nothing of it stays in TIME_WAIT.
        set_socket_linger(&client, Some(Duration::ZERO)).expect("SO_LINGER");
        held.push((client, listener.accept().expect("the same connection")));
    }
    println!("ready");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    // Clients first.
    for (client, _server) in held {
        drop(client);
    }
    true
}

/// How many descriptors this process may have, after raising the limit as far as it goes.
fn descriptors() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the limit of descriptors");
    maximum.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX / 2).min(1 << 20)
}
