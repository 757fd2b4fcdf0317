//! The main job, on real gunicorns under load that never pauses: stopped in the middle, nobody is lost.
//!
//! `LAMEDUCK_TEST_RUNS=20` runs each of the scenes so often; once by default.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../kept_alive/http.rs"]
#[allow(dead_code, reason = "some kinds of bodies are another program's")]
mod http;
#[path = "../support/mod.rs"]
mod support;

mod annotations;
mod clocks;
mod container;
mod crash;
mod daemons;
mod deferred;
mod full_disk;
mod groups;
mod halted;
mod hidden;
mod inside;
mod limits;
mod listeners;
mod low_ports;
mod memory;
mod moments;
mod mptcp;
mod neighbours;
mod peers;
mod queued;
mod refused_later;
mod relayed;
mod relistening;
mod replaced;
mod report;
mod scaling;
mod scarce;
mod sockets;
mod stop;
mod termination_message;
mod unheard;
mod without_sock_diag;

use support::{python, runner};

fn main() {
    let privileges = python::usable_by_others();
    runner::one_at_a_time([
        stop::trials(&privileges),
        crash::trials(),
        halted::trials(),
        scarce::trials(),
        groups::trials(),
        limits::trials(),
        listeners::trials(),
        low_ports::trials(&privileges),
        moments::trials(),
        replaced::trials(),
        relistening::trials(),
        daemons::trials(),
        mptcp::trials(),
        scaling::trials(),
        relayed::trials(),
        report::trials(),
        termination_message::trials(),
        annotations::trials(),
        sockets::trials(),
        container::trials(),
        peers::trials(),
        neighbours::trials(),
        without_sock_diag::trials(),
        refused_later::trials(),
        hidden::trials(&privileges),
        memory::trials(),
        full_disk::trials(),
        unheard::trials(),
        clocks::trials(),
        deferred::trials(),
    ]);
}
