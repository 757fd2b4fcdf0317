//! Park: what it costs with ten thousand open connections, and what the requests and the drain of busy clients feel of it.
//!
//! | file | subject |
//! |---|---|
//! | `server` | a server whose sockets do not block: this program, started again |
//! | `supervised` | `lameduck run` with that server below it |
//! | `clients` | open connections, and requests on them |
//! | `tick` | the time of one look at ten thousand, beside other ways to look |
//! | `memory` | lameduck's memory per connection, and the kernel's |
//! | `latency` | requests in flight during the drain, beside `--park off` |
//! | `drain` | how long busy clients hold a drain |
mod clients;
mod drain;
mod latency;
mod memory;
mod server;
mod supervised;
#[path = "../support/mod.rs"]
mod support;
mod tick;

use support::machine;

fn main() {
    if server::serves() || !machine::begin("Park") {
        return;
    }
    clients::raise_descriptors();
    tick::measure();
    memory::measure();
    latency::measure();
    drain::measure();
}
