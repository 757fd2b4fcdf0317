//! Capture where little is permitted, on the real kernel: by bind, where what the server does and sees is what it would do
//! and see without; by `--listen`, with each server that takes a socket; and under the profile of `deploy/seccomp`.
//!
//! `LAMEDUCK_TEST_RUNS=20` stops each server so often; once by default.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../kept_alive/scene.rs"]
mod kept_alive;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod container;
mod letting_go;
mod listen;
mod parked;
mod probe;
mod profile;
mod recipes;
mod refused;
mod restricted;

use support::runner;

fn main() {
    runner::one_at_a_time([
        calls::trials(),
        letting_go::trials(),
        refused::trials(),
        restricted::trials(),
        listen::trials(),
        profile::trials(),
        parked::trials(),
    ]);
}
