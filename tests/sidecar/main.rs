//! `lameduck sidecar`, a preStop hook by HTTP: asked beside real servers, which are stopped when it has answered.
//!
//! `LAMEDUCK_TEST_RUNS=20` runs each of the drains so often; once by default.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../support/mod.rs"]
mod support;

mod beside;
mod calls;
mod drains;
mod probed;
mod refusals;
mod shared;

use support::{python, runner};

fn main() {
    let privileges = python::usable_by_others();
    runner::one_at_a_time([
        drains::trials(),
        shared::trials(&privileges),
        calls::trials(),
        probed::trials(),
        refusals::trials(),
    ]);
}
