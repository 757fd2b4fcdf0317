//! Unix stream listeners: found, gated by a rename, answered, and left as the server would have left them.
//!
//! `LAMEDUCK_TEST_RUNS=20` runs each of the scenes under load so often; twice by default.
#[path = "../support/mod.rs"]
mod support;

mod behind_nginx;
mod gate;
mod ignored;
mod leftovers;
mod looks;
mod nginx;
mod php_fpm;
mod places;
mod scene;
mod served;
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
        places::trials(),
        gate::trials(),
        ignored::trials(),
        leftovers::trials(),
        looks::trials(),
        behind_nginx::trials(),
        php_fpm::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}

/// How often each scene under load is run.
fn runs() -> u32 {
    std::env::var("LAMEDUCK_TEST_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(2)
}
