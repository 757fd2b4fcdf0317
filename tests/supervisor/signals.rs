//! Every signal reaches the server as it was sent, or as it was asked to be translated.
use super::{Running, run};
use lameduck::supervisor::Signal;

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
fn every_signal_that_can_be_forwarded_arrives_unchanged() {
    let (mut running, child) = listener(&[]);
    let forwardable: Vec<i32> = Signal::all().filter(|s| s.is_forwardable()).map(Signal::number).collect();
    assert_eq!(
        forwardable.len(),
        31 - 10 + 31,
        "all but KILL, STOP, CHLD and 7 faults; all 31 real-time ones"
    );
    for number in forwardable {
        running.signal(number);
        assert_eq!(running.line(), number.to_string());
    }
    super::process::kill(child, libc::SIGKILL);
    assert_eq!(running.end(), Some(128 + libc::SIGKILL));
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
fn a_signal_after_the_servers_end_hits_nobody_and_changes_nothing() {
    // The server ends while lameduck is stopped: both signals are there when it looks, in this order.
    let (running, child) = listener(&[]);
    running.signal(libc::SIGSTOP);
    super::process::kill(child, libc::SIGKILL);
    super::support::wait_for("the server's end", || {
        (super::process::state(child) == Some('Z')).then_some(())
    });
    running.signal(libc::SIGHUP);
    running.signal(libc::SIGCONT);
    assert_eq!(running.end(), Some(128 + libc::SIGKILL));
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
