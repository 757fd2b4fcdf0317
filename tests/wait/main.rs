//! `lameduck wait`, a preStop hook: called on real servers under load, which are stopped when it has returned.
//!
//! `LAMEDUCK_TEST_RUNS=20` runs each of the drains so often; once by default.
#[path = "../support/mod.rs"]
mod support;

mod container;
mod drains;
mod hook;
mod interrupted;
mod orphans;
mod pod;
mod refusals;

use support::{python, runner};

fn main() {
    let privileges = python::usable_by_others();
    runner::one_at_a_time([
        drains::trials(&privileges),
        container::trials(),
        interrupted::trials(),
        orphans::trials(),
        pod::trials(),
        refusals::trials(),
    ]);
}
