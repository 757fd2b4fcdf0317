//! Other signals in each phase: each is forwarded once, what asks for haste ends the waiting, and nobody is lost by it.
use super::Moment;
use super::cast::{HALF_A_REQUEST, ITS_REST};
use crate::http::Connection;
use crate::support::load::{during, plan};
use crate::support::ports::free_port;
use crate::support::runner::repeated;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use libtest_mimic::Trial;
use std::process::ExitStatus;

/// New connections a second.
const RATE: f64 = 40.0;
/// What a server may be told while it is drained.
const NOISE: [(i32, &str); 4] = [
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGWINCH, "SIGWINCH"),
];
/// So often lameduck is told that a child of its changed, when none did.
const CHANGES: usize = 100;
const SECOND: [(i32, &str); 3] =
    [(libc::SIGTERM, "SIGTERM"), (libc::SIGINT, "SIGINT"), (libc::SIGQUIT, "SIGQUIT")];

pub fn trials() -> Vec<Trial> {
    let second = Moment::ALL.into_iter().skip(1).flat_map(|moment| {
        SECOND.map(|(number, signal)| {
            let name = format!("a_second_signal_{signal}_{}_is_forwarded_once", moment.name());
            trial(&name, &Ok(()), repeated(move || hurried(moment, number, signal)))
        })
    });
    let noise = Moment::ALL.map(|moment| {
        let name = format!("other_signals_{}_are_forwarded_once_each_and_hurry_nobody", moment.name());
        trial(&name, &Ok(()), repeated(move || noisy(moment)))
    });
    second.chain(noise).collect()
}

/// A server that says what it takes, with a request in flight.
struct Scene {
    server: Server,
    client: Connection,
}

impl Scene {
    fn at(moment: Moment) -> Self {
        let port = free_port();
        let program = format!("{}/recorder.py", python::SERVERS);
        let builder = Builder::new(port, python::program("python"), [&program, &port.to_string()]);
        let server = builder.under_lameduck(&moment.options()).start();
        let mut client = Connection::open(server.address()).expect("a connection");
        client.send(HALF_A_REQUEST).expect("a request");
        moment.reach(&server);
        if moment == Moment::Stopping {
            let scene = Self { server, client };
            scene.takes("SIGTERM");
            return scene;
        }
        Self { server, client }
    }

    fn took(&self, signal: &str) -> usize {
        self.server.log().lines().filter(|line| line.strip_prefix("took ") == Some(signal)).count()
    }

    fn takes(&self, signal: &str) {
        wait_for(signal, || (self.took(signal) > 0).then_some(()));
    }

    /// The request in flight is answered, and all ends.
    fn end(&mut self) -> ExitStatus {
        self.client.send(ITS_REST).expect("the rest of a body");
        assert_eq!(self.client.final_head().expect("an answer").status, 200);
        if !self.server.log().contains("stop signal: draining") {
            self.server.signal(libc::SIGTERM);
        }
        self.server.wait(PATIENCE)
    }
}

fn hurried(moment: Moment, number: i32, signal: &str) {
    let mut scene = Scene::at(moment);
    let before = scene.took(signal);
    let (status, tally) = during(plan(&scene.server, RATE), || {
        scene.server.signal(number);
        wait_for(signal, || (scene.took(signal) > before).then_some(()));
        scene.end()
    });
    println!("{signal} {moment:?}: {tally:?}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert_eq!(status.code(), Some(0));
    let took = scene.server.log().matches("took ").count();
    let (outcome, expected) = if moment == Moment::Stopping { ("drained", 2) } else { ("skipped", 1) };
    assert_eq!(took, expected, "{}", scene.server.log());
    assert!(scene.server.log().contains(&format!("outcome={outcome}")), "{}", scene.server.log());
}

fn noisy(moment: Moment) {
    let mut scene = Scene::at(moment);
    let (status, tally) = during(plan(&scene.server, RATE), || {
        for (number, signal) in NOISE {
            (0..CHANGES / NOISE.len()).for_each(|_| scene.server.signal(libc::SIGCHLD));
            scene.server.signal(number);
            scene.takes(signal);
        }
        let forwarded = scene.server.log().contains("forwarded");
        assert_eq!(forwarded, moment == Moment::Stopping, "the drain was hurried");
        // A lame duck that lasts is ended by a second signal.
        if moment == Moment::LameDuck {
            scene.server.signal(libc::SIGTERM);
        }
        scene.end()
    });
    println!("{moment:?}: {tally:?}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert_eq!(status.code(), Some(0));
    for signal in NOISE.map(|(_, signal)| signal).into_iter().chain(["SIGTERM"]) {
        assert_eq!(scene.took(signal), 1, "{signal}: {}", scene.server.log());
    }
}
