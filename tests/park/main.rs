//! Park under bad input and faults: servers that misbehave, clients that do, and a lameduck that is refused what it
//! needs, has too few descriptors, or is killed.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../kept_alive/http.rs"]
#[allow(dead_code, reason = "bodies of other kinds are another program's")]
mod http;
#[path = "../support/mod.rs"]
mod support;

mod clients;
mod killed;
mod odd;
mod pipelining;
mod policy;
mod refused;
mod servers;
mod talk;

use libtest_mimic::Arguments;

fn main() {
    let mut arguments = Arguments::from_args();
    // Each scene watches a drain; two at once would measure each other.
    arguments.test_threads = Some(1);
    let trials = [
        servers::trials(),
        clients::trials(),
        pipelining::trials(),
        policy::trials(),
        refused::trials(),
        killed::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}
