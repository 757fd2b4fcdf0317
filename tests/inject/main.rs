//! `lameduck inject` and `uninject` as their users meet them, on manifests like those that there are.
//!
//! Where `KUBECONFIG` names an API server, it is asked whether it would take each result.
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod dry_run;
mod manifests;

use libtest_mimic::Arguments;
use std::process::{Command, ExitCode, Output, Stdio};

/// How a run ended, its standard output and its standard error.
fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    use std::io::Write;
    let mut command: Command = support::lameduck();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("lameduck");
    let mut stdin = child.stdin.take().expect("its standard input");
    let input = input.to_owned();
    // It may end before it has read all of it.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let Output { status, stdout, stderr } = child.wait_with_output().expect("its output");
    writer.join().expect("the writer");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn main() -> ExitCode {
    let trials = [calls::trials(), manifests::trials(), dry_run::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
