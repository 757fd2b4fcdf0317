//! The main job, on real gunicorns under load that never pauses: stopped in the middle, nobody is lost.
//!
//! `LAMEDUCK_TEST_RUNS=20` runs each of the scenes so often; once by default.
#[path = "../support/mod.rs"]
mod support;

mod container;
mod crash;
mod groups;
mod limits;
mod listeners;
mod mptcp;
mod neighbours;
mod peers;
mod report;
mod scaling;
mod sockets;
mod stop;

use libtest_mimic::Arguments;
use support::python;

fn main() {
    let mut arguments = Arguments::from_args();
    // Each scene fills the machine; two at once would measure each other.
    arguments.test_threads = Some(1);
    let privileges = python::usable_by_others();
    let trials = [
        stop::trials(&privileges),
        crash::trials(),
        groups::trials(),
        limits::trials(),
        listeners::trials(),
        mptcp::trials(),
        scaling::trials(),
        report::trials(),
        sockets::trials(),
        container::trials(),
        peers::trials(),
        neighbours::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}

/// How often each scene is run.
fn runs() -> u32 {
    std::env::var("LAMEDUCK_TEST_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1)
}
