//! Connections that are open at the stop, on eleven real servers: kept-alive clients, request bodies, streams.
//!
//! `LAMEDUCK_TEST_RUNS=10` runs each of the scenes so often; once by default.
#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod http;
mod limits;
mod lingering;
mod matrix;
mod scene;
mod streams;
mod together;
mod websocket;
mod without;

use libtest_mimic::Arguments;

fn main() {
    let mut arguments = Arguments::from_args();
    // Each scene fills the machine; two at once would measure each other.
    arguments.test_threads = Some(1);
    let trials = [
        matrix::trials(),
        without::trials(),
        together::trials(),
        bodies::trials(),
        streams::trials(),
        websocket::trials(),
        limits::trials(),
        lingering::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}

/// How often each scene is run.
fn runs() -> u32 {
    std::env::var("LAMEDUCK_TEST_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1)
}
