//! `lameduck trial --matrix` on the servers of `servers.toml`: here under lameduck alone, those that no other test has.
//!
//! `cargo test --test matrix -- --ignored evidence` runs all of them in every way, which takes forty minutes, and writes
//! docs/evidence.md.
#[path = "../support/mod.rs"]
mod support;

use libtest_mimic::Trial;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use support::certificate;
use support::python;
use support::runner;
use support::server::builder::GENEROUS;
use support::servers::compiled;
use support::trial::trial;

/// The matrix, from the root of the package.
const SERVERS: &str = "tests/matrix/servers.toml";

/// What Java's and Rust's servers are made with, beside the JDK's own.
const JAVA: &[&str] = &["javac", "mvn"];
const RUST: &[&str] = &["cargo"];

/// Rows, and the programs without which they are ignored; what the tests install themselves is always there.
const ROWS: [(&str, &[&str]); 25] = [
    ("gunicorn sync, two binds", &[]),
    ("gunicorn sync, unix socket", &[]),
    ("gunicorn gthread, unix socket", &[]),
    ("gunicorn tornado", &[]),
    ("uvicorn, two workers", &[]),
    ("Daphne", &[]),
    ("cheroot", &[]),
    ("uWSGI, TERM reloads", &[]),
    ("node, cluster", &["node"]),
    ("Go without a stop", &["go"]),
    ("Jetty", JAVA),
    ("Tomcat", JAVA),
    ("Netty, epoll", JAVA),
    ("axum", RUST),
    ("gunicorn gthread, TLS", &["openssl"]),
    ("uvicorn, TLS", &["openssl"]),
    ("hypercorn, HTTP/2", &[]),
    ("axum, HTTP/2", RUST),
    ("gRPC, grpcio", &[]),
    ("Puma", &["puma"]),
    ("Unicorn", &["unicorn"]),
    ("nginx", &["nginx"]),
    ("PHP-FPM", &["php-fpm8.2"]),
    ("nginx before PHP-FPM", &["nginx", "php-fpm8.2"]),
    ("Apache httpd", &["apache2"]),
];

fn main() {
    let mut trials: Vec<Trial> = ROWS
        .iter()
        .map(|(row, programs)| {
            let name = format!("given_{}_when_it_is_stopped_under_load_then_nobody_is_lost", snake(row));
            trial(&name, &installed(programs), || loses_nobody(row, programs))
        })
        .collect();
    let evidence = || {
        evidence();
        Ok(())
    };
    trials.push(Trial::test("evidence", evidence).with_ignored_flag(true));
    runner::one_at_a_time([trials]);
}

fn loses_nobody(row: &str, programs: &[&str]) {
    let row = ["--row", row, "--column", "lameduck", "--before", "1s", "--json"];
    let output = matrix(&row, programs).envs(GENEROUS).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    assert_eq!((output.status.code(), &report["lost_under_lameduck"]), (Some(0), &0.into()), "{report:#}");
    let run = &report["rows"][0]["cells"][0]["runs"][0];
    assert!(run["answered"].as_u64() > Some(0), "{run:#}");
    let late = ["answered_late", "refused"].map(|how| run[how].as_u64().unwrap_or(0));
    assert!(late.iter().sum::<u64>() > 0, "the stop was not under load: {run:#}");
    assert_eq!(run["killed"], false, "{run:#}");
}

/// What is said behind the tables.
const ELSEWHERE: &[u8] = b"
[What a careful init does for its child](conformance.md), beside tini, dumb-init and catatonit, is another table.
[Soak](soak.md): stops one after the other, and what they leave behind.
[In restricted containers](restricted.md): what is taken there, and what is lost.
[Faults](faults.md): what goes wrong around a drain, and what its user sees.
[Speed and memory](measurements.md), beside tini and others.
";

fn evidence() {
    let options = ["--runs", "3", "--before", "1s", "--sleep", "3s", "--limit", "10s"];
    let installed: Vec<&str> = ["go", "javac", "mvn", "cargo", "openssl"]
        .into_iter()
        .filter(|one| installed(&[one]).is_ok())
        .collect();
    let mut all = matrix(&[&options[..], &["--markdown", "docs/evidence.md"]].concat(), &installed);
    let status = all.env("LAMEDUCK_TIMEOUT", "8s").status().unwrap();
    assert!(status.success(), "lameduck lost somebody, or not every server could be tried: docs/evidence.md");
    let file = File::options().append(true).open(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/evidence.md"));
    file.unwrap().write_all(ELSEWHERE).unwrap();
}

/// The matrix with these options; on PATH and the class path is what was made with `programs`.
fn matrix(options: &[&str], programs: &[&str]) -> Command {
    let mut command = support::lameduck();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["trial", "--matrix", SERVERS]).args(options);
    let mut path: Vec<PathBuf> = vec![python::python_env().join("bin")];
    let mut classes: Vec<OsString> = Vec::new();
    for program in programs {
        match *program {
            "go" => path.extend(compiled::go_server().parent().map(PathBuf::from)),
            "cargo" => path.push(compiled::axum_server()),
            "javac" => classes.push(compiled::java_classes().into()),
            "openssl" => {
                let [certificate, key] = certificate::certificate();
                command.env("TLS_CERTIFICATE", certificate).env("TLS_KEY", key);
            }
            "mvn" => classes.push(compiled::java_servers()),
            _ => (),
        }
    }
    path.extend(directories());
    command.env("PATH", std::env::join_paths(path).unwrap());
    command.env("CLASSPATH", classes.join(OsStr::new(":")));
    command
}

/// Those of PATH, and where Debian keeps its servers.
fn directories() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).collect()
}

fn installed(programs: &[&str]) -> Result<(), String> {
    let there = |program: &&str| directories().iter().any(|directory| directory.join(program).is_file());
    let missing = programs.iter().find(|program| !there(program));
    missing.map_or(Ok(()), |program| {
        Err(format!("{program} is not on PATH: install it to test with this server"))
    })
}

fn snake(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}
