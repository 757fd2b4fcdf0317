//! The gate `refuse`, in a network namespace of this test's own: what nftables refuses, for whom, and for how long.
//!
//! Where no such namespace is to be had all of it is shown as ignored, with the reason.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../support/mod.rs"]
mod support;

mod both;
mod drains;
mod kinds;
mod neighbours;
#[path = "../support/passing.rs"]
mod passing;
mod tables;
mod users;

use libtest_mimic::Arguments;
use std::process::ExitCode;
use support::python;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // All look at the tables of one namespace.
    arguments.test_threads = Some(1);
    // Servers come from a package index, which a network of our own does not reach.
    if !arguments.list {
        python::python_env();
    }
    let needs = faults::own_network::enter()
        .map_err(|error| format!("no network namespace of its own: {error}"))
        .and_then(|()| {
            lameduck::sockets::gate::refuse::permitted().map_err(|error| format!("no nftables: {error}"))
        });
    let trials = [
        kinds::trials(&needs),
        drains::trials(&needs),
        both::trials(&needs),
        neighbours::trials(&needs),
        users::trials(&needs),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
