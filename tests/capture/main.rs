//! Capture where little is permitted, on the real kernel: by bind, where what the server does and sees is what it would do
//! and see without; and by `--listen`, with each server that takes a socket.
//!
//! `LAMEDUCK_TEST_RUNS=20` stops each server so often; once by default.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod killed;
mod letting_go;
mod listen;
mod probe;
mod recipes;
mod refused;
mod restricted;

use support::runner;

fn main() {
    runner::one_at_a_time([
        calls::trials(),
        killed::trials(),
        letting_go::trials(),
        refused::trials(),
        restricted::trials(),
        listen::trials(),
    ]);
}
