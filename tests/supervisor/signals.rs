//! What the server is sent in place of a signal, and when.
use super::{Running, run};

/// Says each signal that it gets, by number, until it is killed.
const LISTENER: &str = "
import signal
every = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, every)
print('ready', flush=True)
while True: print(signal.sigwaitinfo(every).si_signo, flush=True)";

fn listener(options: &[&str]) -> (Running, u32) {
    let (mut running, pid) = Running::python(options, LISTENER);
    assert_eq!(running.line(), "ready");
    (running, pid)
}

#[test]
fn signals_that_come_while_lameduck_is_stopped_are_forwarded_when_it_goes_on() {
    let (mut running, child) = listener(&[]);
    running.signal(libc::SIGSTOP);
    super::support::wait_for("lameduck to be stopped", || {
        (super::process::state(running.pid()) == Some('T')).then_some(())
    });
    running.signal(libc::SIGHUP);
    running.signal(libc::SIGUSR2);
    running.signal(libc::SIGCONT);
    let mut arrived = [running.line(), running.line(), running.line()];
    arrived.sort();
    assert_eq!(arrived, ["1", "12", "18"]);
    super::process::kill(child, libc::SIGKILL);
    assert_eq!(running.end(), Some(128 + libc::SIGKILL));
}

#[test]
fn a_translated_signal_arrives_as_the_other_and_all_others_as_they_are() {
    let options = ["--forward-signal", "TERM=QUIT,usr1=RTMIN+3", "--forward-signal", "WINCH=KILL"];
    let (mut running, _) = listener(&options);
    running.signal(libc::SIGUSR1);
    assert_eq!(running.line(), (libc::SIGRTMIN() + 3).to_string());
    running.signal(libc::SIGUSR2);
    assert_eq!(running.line(), libc::SIGUSR2.to_string());
    running.signal(libc::SIGTERM);
    assert_eq!(running.line(), libc::SIGQUIT.to_string());
    running.signal(libc::SIGWINCH);
    assert_eq!(running.end(), Some(128 + libc::SIGKILL));
}

#[test]
fn the_environment_sets_what_the_command_line_does_not() {
    let mut command = run(&["--stop-signal", "INT"], &["sh", "-c", "echo ready; exec sleep 1000"]);
    command.env("LAMEDUCK_STOP_SIGNAL", "no signal").env("LAMEDUCK_FORWARD_SIGNAL", "TERM=ALRM");
    let mut running = Running::start(command);
    assert_eq!(running.line(), "ready");
    running.signal(libc::SIGTERM);
    assert_eq!(running.end(), Some(128 + libc::SIGALRM));
}

#[test]
fn given_a_shell_that_tells_nobody_then_its_server_is_drained_with_the_group() {
    let mut command = run(
        &[],
        &[
            "sh",
            "-c",
            "sh -c 'trap \"echo told; exit\" TERM; echo ready; while :; do sleep 0.01; done'; exit 9",
        ],
    );
    command.env("LAMEDUCK_FORWARD_TO", "group");
    let mut running = Running::start(command);
    assert_eq!(running.line(), "ready");
    running.signal(libc::SIGTERM);
    assert_eq!(running.line(), "told");
    assert_eq!(running.end(), Some(128 + libc::SIGTERM), "the shell does not take TERM");
}

#[test]
fn given_a_group_that_ignores_its_signal_then_all_of_it_is_killed() {
    let options = ["--forward-to", "group", "--kill-after", "100ms", "--exit-code", "137=1,143=0"];
    let script = "trap '' TERM; (echo ready; exec sleep 1000) & exec sleep 1000";
    let mut running = Running::start(run(&options, &["sh", "-c", script]));
    assert_eq!(running.line(), "ready");
    running.signal(libc::SIGTERM);
    // Whoever were left would have the pipe open.
    assert_eq!(running.line(), "");
    assert_eq!(running.end(), Some(1));
}

#[test]
fn given_another_exit_code_then_the_log_and_the_report_have_what_they_should() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = run(&["--report", file.path().to_str().unwrap()], &["sh", "-c", "kill -TERM $$"]);
    let output = super::support::finish(command.env("LAMEDUCK_EXIT_CODE", "1=2,143=0"));
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.contains("the server was killed by TERM: ending with status 0 in place of 143 (--exit-code)"),
        "{log}"
    );
    let report: serde_json::Value = serde_json::from_reader(file).unwrap();
    assert_eq!(report["exit_status"], 0);
}

#[test]
fn given_a_server_whose_graceful_stop_is_another_signal_then_the_log_has_one_line_of_it() {
    let home = tempfile::tempdir().unwrap();
    let nginx = home.path().join("nginx");
    std::os::unix::fs::symlink("/bin/true", &nginx).unwrap();
    let lines = |options: &[&str]| {
        let mut lameduck = super::support::lameduck();
        let output = super::support::finish(lameduck.arg("run").args(options).arg("--").arg(&nginx));
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap().matches("--forward-signal TERM=QUIT is better").count()
    };
    assert_eq!(lines(&[]), 1);
    assert_eq!(lines(&["--forward-signal", "TERM=QUIT"]), 0);
}
