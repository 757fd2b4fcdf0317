//! The commands of README.md by which a Deployment comes to be drained, as they stand there.
use super::clients::Clients;
use super::cluster::{Namespace, program_image, wait_for};
use super::support::trial::trial;
use super::workload::Workload;
use libtest_mimic::Trial;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use tempfile::TempDir;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
/// The image that they name.
const IMAGE: &str = "registry.example/lameduck:0.1.0";
/// Whoever has to type more has to be convinced first.
const MOST: usize = 6;

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("given_the_readmes_commands_then_the_next_rollout_is_drained_and_loses_none", needs, newcomer)]
}

/// The commands, and of them those before lameduck is there: an engine and a registry are not needed here.
fn commands() -> (Vec<String>, Vec<String>) {
    let page = fs::read_to_string(PAGE).unwrap();
    let block =
        page.split("\n```\n").find(|block| block.contains("lameduck inject")).expect("a block of commands");
    let lines = block.lines().map(|line| line.replace(IMAGE, &program_image()));
    lines.partition(|line| line.starts_with("docker ") || line.starts_with("cargo "))
}

fn newcomer() {
    let (before, commands) = commands();
    assert!(before.len() + commands.len() <= MOST, "{before:?} {commands:?}");
    // Given: their Deployment, of which no command here is the first to hear.
    let namespace = Namespace::new();
    namespace.apply_text(&super::injected::plain().to_string());
    let workload = Workload::new(&namespace, "Deployment");
    workload.wait_until_available();
    // When: what they type, with clients from the restart on.
    let (restart, first) = commands.split_last().expect("commands");
    let place = place(&namespace);
    let plain = workload.unique_ids();
    shell(&place, &first.join("\n"));
    workload.wait_until_available();
    // Nothing is promised of those without lameduck.
    workload.wait_until_gone(&plain);
    let clients = Clients::start(&namespace, &workload.address());
    let old = workload.unique_ids();
    shell(&place, restart);
    workload.wait_until_available();
    workload.wait_until_gone(&old);
    // Then: nobody is lost, and the file has of each old pod how it went.
    clients.finish().assert_none_lost_or_refused("the readme's commands");
    wait_for("the end of each old pod's log", || {
        let log = fs::read_to_string(place.path().join("drains.log")).unwrap();
        let drained = log.lines().filter(|line| line.contains("outcome=drained"));
        (drained.count() == old.len()).then_some(())
    });
}

/// A directory with the words that they type: lameduck, and a kubectl whose namespace is this one.
fn place(namespace: &Namespace) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_lameduck"), place.path().join("lameduck")).unwrap();
    let kubectl = env::var("KUBECTL").unwrap_or_else(|_| found("kubectl"));
    let script = format!("#!/bin/sh\nexec {kubectl} --namespace {} \"$@\"\n", namespace.name());
    fs::write(place.path().join("kubectl"), script).unwrap();
    fs::set_permissions(place.path().join("kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
    place
}

fn found(program: &str) -> String {
    let path = env::var_os("PATH").unwrap();
    let at = env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    at.expect("a program").into_os_string().into_string().unwrap()
}

/// Runs lines in that directory, until all but what runs in the background has ended.
fn shell(place: &TempDir, lines: &str) {
    let mut path = OsString::from(place.path());
    path.push(":");
    path.push(env::var_os("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-ec", lines]).current_dir(place.path()).env("PATH", path);
    assert!(super::support::without_settings(command).status().unwrap().success(), "{lines}");
}
