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
//! | `relay` | what busy clients feel of a stop when their late requests are relayed |
//!
//! `cargo bench --bench park -- tick relay` measures those alone.
mod clients;
mod drain;
mod latency;
mod memory;
mod relay;
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
    let parts: [(&str, fn()); 5] = [
        ("tick", tick::measure),
        ("memory", memory::measure),
        ("latency", latency::measure),
        ("drain", drain::measure),
        ("relay", relay::measure),
    ];
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, measure) in parts {
        if named.is_empty() || named.iter().any(|wanted| wanted == name) {
            measure();
        }
    }
}
