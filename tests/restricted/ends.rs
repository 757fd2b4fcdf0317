//! How a container ends: with the server's status; and when the runtime kills it, with nothing left.
use crate::cells::{Capture, Cell, Kind};
use crate::scene::{environment, in_a_network_of_its_own, stopped_by_the_runtime};
use crate::support::container::confinement::{Confinement, Privileges, RESTRICTED, User};
use crate::support::container::runtime::Runtime;
use crate::support::container::{Container, root};
use crate::support::halves::half_a_request;
use crate::support::ports::free_port;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use crate::words::Words;
use libtest_mimic::Trial;
use std::net::TcpListener;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let nft = || {
        let there = Command::new("nft").arg("--version").output().is_ok_and(|output| output.status.success());
        there
            .then_some(())
            .ok_or_else(|| "nft is not on PATH: install nftables to see what is left".to_owned())
    };
    for runtime in Runtime::ALL {
        for rootless in [false, true] {
            let user = if rootless { User::Root } else { User::Nobody };
            let confinement = Confinement { user, rootless, ..RESTRICTED };
            let needs = runtime.needs(confinement);
            let whose = if rootless { "rootless_" } else { "" };
            let name = |what: &str| format!("{}_{whose}{what}", runtime.name());
            let status = name("passes_the_servers_status_on");
            trials.push(trial(&status, &needs, move || the_status(runtime, confinement)));
            let killed = name("killed_behind_the_gate_nothing_is_left");
            trials
                .push(trial(&killed, &needs, move || killed_behind_the_gate(runtime, confinement, "divert")));
        }
        let confinement = Confinement { privileges: Privileges::NetAdmin, ..RESTRICTED };
        let name = format!("{}_killed_behind_the_gate_refuse_no_rule_is_left", runtime.name());
        let needs = runtime.needs(RESTRICTED).and_then(|()| nft());
        trials.push(trial(&name, &needs, move || killed_behind_the_gate(runtime, confinement, "refuse")));
        // What is seen above is no luck: plainly, somebody is.
        let name = format!("{}_plainly_somebody_is_lost", runtime.name());
        trials.push(trial(&name, &runtime.needs(RESTRICTED), move || plainly(runtime)));
    }
    trials
}

fn the_status(runtime: Runtime, confinement: Confinement) {
    let python = root::python_program();
    for (script, expected) in [("raise SystemExit(42)", 42), ("import os; os.kill(os.getpid(), 9)", 137)] {
        let words = ["run", "--", python.to_str().expect("UTF-8"), "-c", script];
        let output =
            Container::new(runtime, confinement, root::with_python(), &words, &environment("5m")).run();
        assert_eq!(output.status.code(), Some(expected), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Somebody is in flight, so that the gate stays closed until the kill.
fn killed_behind_the_gate(runtime: Runtime, confinement: Confinement, gate: &str) {
    let root = root::with_python();
    in_a_network_of_its_own(|| {
        let port = free_port();
        let cell = Cell { confinement, capture: Capture::Auto, server: Kind::Gthread };
        let words = Words::of(cell, port);
        let words = [&["run", "--gate", gate], &words.run()[1..]].concat();
        let container = Container::new(runtime, confinement, root, &words, &environment("5m"));
        let mut server = container.server(port).start();
        let inhabitants = container.inhabitants();
        let in_flight = half_a_request(("127.0.0.1", port));
        container.signal("TERM");
        wait_for("the gate", || server.log().contains("gate closed").then_some(()));
        assert!(server.log().contains(&format!("gate={gate}")), "{}", server.log());
        assert_eq!(!rules().is_empty(), gate == "refuse", "{}", rules());

        container.signal("KILL");
        assert_eq!(server.wait(PATIENCE).code(), Some(128 + libc::SIGKILL), "{}", server.log());
        wait_for("the end of all who were in it", || inhabitants.now().is_empty().then_some(()));
        wait_for("the end of its rules", || rules().is_empty().then_some(()));
        drop(in_flight);
        wait_for("the port to be free", || TcpListener::bind(("127.0.0.1", port)).ok());
    });
}

/// All of nftables in this thread's network; nothing where there is no nft to ask.
fn rules() -> String {
    let listed = Command::new("nft").args(["list", "ruleset"]).output();
    listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// gunicorn as the container's process 1.
fn plainly(runtime: Runtime) {
    let root = root::with_python();
    in_a_network_of_its_own(|| {
        let port = free_port();
        let cell = Cell { confinement: RESTRICTED, capture: Capture::Auto, server: Kind::Sync };
        let words = Words::of(cell, port);
        let container = Container::plain(runtime, RESTRICTED, root, &words.run()[2..], &environment("5m"));
        let mut server = container.server(port).start();
        let (new, _) = stopped_by_the_runtime(cell, &mut server, || container.signal("TERM"));
        println!("{new:?}");
        assert!(new.lost > 0, "{new:?}");
    });
}
