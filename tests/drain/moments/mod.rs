//! The same fault in each phase of a drain: a phase is held as long as the test wants, by requests in flight.
mod cast;
mod controlled;
mod killed;
mod signalled;

use crate::crash::family;
use crate::support::server::{Builder, Server};
use crate::support::wait_for;
use libtest_mimic::Trial;
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

pub fn trials() -> Vec<Trial> {
    [killed::trials(), signalled::trials(), controlled::trials()].into_iter().flatten().collect()
}

/// Where the drain is when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Serving,
    LameDuck,
    /// Behind the gate: requests in flight, and connections at rest that are parked.
    Gated,
    /// The server has its signal, and requests in flight.
    Stopping,
}

impl Moment {
    const ALL: [Self; 4] = [Self::Serving, Self::LameDuck, Self::Gated, Self::Stopping];

    const fn name(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::LameDuck => "in_the_lame_duck",
            Self::Gated => "behind_the_gate",
            Self::Stopping => "after_the_forward",
        }
    }

    /// What keeps a drain in this phase. What is in flight at a server that is gone is waited for within the reserve.
    fn options(self) -> Vec<&'static str> {
        let more: &[&str] = match self {
            Self::LameDuck => &["--lame-duck", "40s"],
            Self::Stopping => &["--in-flight-timeout", "1ms"],
            Self::Serving | Self::Gated => &[],
        };
        [&["--log-level", "debug", "--reserve", "40s"], more].concat()
    }

    /// Brings a server there, with a request in flight.
    fn reach(self, server: &Server) {
        let said = match self {
            Self::Serving => return,
            Self::LameDuck => "stop signal: draining",
            Self::Gated => "gate closed",
            Self::Stopping => "forwarded",
        };
        server.signal(libc::SIGTERM);
        wait_for(said, || server.log().contains(said).then_some(()));
        if self == Self::LameDuck {
            // Said before it is done. From then on whoever is queued can be saved.
            let arbiter = family(server).0;
            wait_for("lameduck to hold the listener", || {
                (!sockets(server.pid()).is_disjoint(&sockets(arbiter))).then_some(())
            });
        }
    }
}

/// The sockets of a process.
fn sockets(pid: u32) -> HashSet<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors");
    let targets = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).collect()
}

/// Two workers that keep connections for as long as the test takes.
const GTHREAD: [&str; 8] =
    ["--workers", "2", "--threads", "8", "--keep-alive", "120", "--graceful-timeout", "120"];

fn gthread(moment: Moment) -> Builder {
    Server::gunicorn("gthread", &GTHREAD).under_lameduck(&moment.options())
}

/// The same on a socket that lameduck holds from the start.
fn given_its_socket(moment: Moment) -> Builder {
    Server::gunicorn_given_its_socket("gthread", &GTHREAD, &moment.options())
}
