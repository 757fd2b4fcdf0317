//! Park under bad input and faults: servers that misbehave, clients that do, and a lameduck that is refused what it
//! needs, has too few descriptors, or is killed.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../kept_alive/http.rs"]
#[allow(dead_code, reason = "bodies of other kinds are another program's")]
mod http;
#[path = "../support/mod.rs"]
mod support;

mod clients;
mod crowd;
mod in_spite;
mod killed;
mod missed;
mod odd;
mod panic;
mod pipelining;
mod policy;
mod refused;
mod servers;
mod talk;

use support::runner;

fn main() {
    runner::one_at_a_time([
        servers::trials(),
        in_spite::trials(),
        clients::trials(),
        pipelining::trials(),
        policy::trials(),
        refused::trials(),
        killed::trials(),
        panic::trials(),
        missed::trials(),
        crowd::trials(),
    ]);
}
