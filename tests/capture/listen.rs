//! `--listen`: each way of docs/listen.md in which a server takes a socket that lameduck has bound, stopped under a load
//! that never pauses, where nothing else is permitted.
use super::recipes::{RECIPES, Recipe};
use super::refused::without_getfd;
use super::restricted::check;
use crate::support::halves::{answer, half_a_request};
use crate::support::ports::free_port;
use crate::support::server::{Builder, Server};
use crate::support::servers::{Kind, compiled};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = RECIPES
        .iter()
        .map(|recipe| {
            let name = format!("{}_takes_the_socket_of_listen_and_loses_nobody", recipe.name);
            let needs = python::usable_by_others().and(installed(recipe.needs));
            trial(&name, &needs, || stopped(recipe))
        })
        .collect();
    trials.push(trial("several_sockets_of_listen_are_each_gated", &Ok(()), several));
    trials
}

fn stopped(recipe: &Recipe) {
    let port = free_port();
    let filled = |text: &str| text.replace("{port}", &port.to_string());
    let words: Vec<String> = recipe.command.iter().map(|word| filled(word)).collect();
    let listen = format!("127.0.0.1:{port}");
    // The directory of the servers is where they look for each other.
    let within = ["--chdir", python::SERVERS].map(str::to_owned);
    let mut builder = Builder::new(port, "env", within.into_iter().chain(words))
        .under_lameduck(&[&["--listen", &listen], recipe.options].concat())
        .env("PYTHONPATH", python::SERVERS)
        .env("PATH", &path());
    for (name, value) in recipe.environment {
        builder = builder.env(name, &filled(value));
    }
    let mut server: Server = without_getfd(|| builder.unprivileged().start());
    // nginx answers before the server behind it listens.
    let answers = || answer(half_a_request(("127.0.0.1", port))).starts_with("HTTP/1.1 200 ");
    wait_for("a good answer", || answers().then_some(()));
    check(&mut server, recipe.status, "listen");
}

/// The programs that the tests install, then those of this machine.
fn path() -> String {
    let mut path = vec![python::python_env().join("bin")];
    if Kind::Go.needs().is_ok() {
        path.extend(compiled::go_server().parent().map(Path::to_owned));
    }
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    // Where Debian keeps nginx.
    path.push("/usr/sbin".into());
    std::env::join_paths(path).expect("directories").to_string_lossy().into_owned()
}

fn installed(program: &str) -> Result<(), String> {
    if program.is_empty() {
        return Ok(());
    }
    let mut command = Command::new("sh");
    command.args(["-c", "command -v \"$0\"", program]).env("PATH", path());
    let there = command.output().is_ok_and(|output| output.status.success());
    there
        .then_some(())
        .ok_or_else(|| format!("{program} is not on PATH: install it to test with this server"))
}

/// Two of one server, of either family.
fn several() {
    let [four, six] = [free_port(), free_port()];
    let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("listen-{four}.json"));
    let addresses = [format!("127.0.0.1:{four}"), format!("[::1]:{six}")];
    let [listen, report_at] = [addresses.join(","), report.to_string_lossy().into_owned()];
    let args = ["--no-control-socket", "--threads=8", "--chdir", python::SERVERS, "app:application"];
    let mut server = Builder::new(four, python::program("gunicorn"), args)
        .under_lameduck(&["--listen", &listen, "--capture", "listen", "--report", &report_at])
        .start();
    let places = [("127.0.0.1", four), ("::1", six)];

    // Given: somebody who has said half at each. When: it is stopped.
    let holders = places.map(half_a_request);
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));

    // Then: who comes late is told so at each, who was there is answered, and the report has both.
    for place in places {
        assert!(answer(half_a_request(place)).starts_with("HTTP/1.1 503 "), "{place:?}");
    }
    for holder in holders {
        assert!(answer(holder).starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let said: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    std::fs::remove_file(&report).unwrap();
    let held: Vec<_> =
        said["sockets"].as_array().unwrap().iter().map(|row| (&row["address"], &row["capture"])).collect();
    assert_eq!(held.len(), 2, "{said}");
    assert!(
        held.iter().all(|(address, capture)| {
            *capture == "listen" && addresses.iter().any(|listened| *address == listened)
        }),
        "{said}"
    );
}
