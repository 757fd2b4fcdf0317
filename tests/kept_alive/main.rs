//! Connections that are open at the stop, on eleven real servers: kept-alive clients, request bodies, streams.
//!
//! `LAMEDUCK_TEST_RUNS=10` runs each of the scenes so often; once by default.
#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod crowd;
mod http;
mod limits;
mod lingering;
mod matrix;
mod scene;
mod streams;
mod together;
mod websocket;
mod without;

use support::runner;

fn main() {
    runner::one_at_a_time([
        matrix::trials(),
        without::trials(),
        together::trials(),
        crowd::trials(),
        bodies::trials(),
        streams::trials(),
        websocket::trials(),
        limits::trials(),
        lingering::trials(),
    ]);
}
