//! Capture by bind, on the real kernel: what the server does and sees is what it would do and see without, and what it
//! listens on is held.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod letting_go;
mod probe;
mod refused;
mod restricted;

use libtest_mimic::Arguments;

fn main() {
    let mut arguments = Arguments::from_args();
    // Each scene under load fills the machine; two at once would measure each other.
    arguments.test_threads = Some(1);
    let trials = [calls::trials(), letting_go::trials(), refused::trials(), restricted::trials()];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}
