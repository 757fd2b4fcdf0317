//! Values that cannot be meant: each complaint names the option, what is wrong, and what would be right. The server is
//! never started.
use super::{complaint, lameduck};
use std::net::TcpListener;

/// `lameduck run` with these options and a server that would say so if it ran.
fn run(options: &[&str]) -> String {
    complaint(lameduck(&["run"]).args(options).args(["--", "sh", "-c", "echo the server runs"]))
}

/// The same with one variable.
fn run_with(variable: &str, value: &str) -> String {
    let mut command = lameduck(&["run", "--", "sh", "-c", "echo the server runs"]);
    complaint(command.env(variable, value))
}

#[test]
fn given_durations_that_are_none() {
    insta::assert_snapshot!(run(&["--timeout", "-3"]), @"
    exit status: 125
    lameduck: invalid value '-3' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--timeout", "soon"]), @"
    exit status: 125
    lameduck: invalid value 'soon' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--deadline", "366days"]), @"
    exit status: 125
    lameduck: invalid value '366days' for '--deadline <DURATION>': no part of a drain takes longer than a year: give one such as 500ms, 25s or 2m

    For more information, try '--help'.
    ");
}

#[test]
fn given_signals_and_exit_codes_that_are_none() {
    insta::assert_snapshot!(run(&["--exit-code", "143"]), @"
    exit status: 125
    lameduck: invalid value '143' for '--exit-code <CODE=CODE>': give two exit statuses from 0 to 255 with = between them, such as 143=0

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run_with("LAMEDUCK_PARENT_DEATH_SIGNAL", "KILL"), @"
    exit status: 125
    lameduck: invalid value 'KILL' for '--parent-death-signal <SIGNAL>': KILL never reaches lameduck as a request: give one such as TERM, INT, QUIT or RTMIN+3

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_PARENT_DEATH_SIGNAL.
    ");
    insta::assert_snapshot!(run(&["--forward-to", "all"]), @"
    exit status: 125
    lameduck: invalid value 'all' for '--forward-to <WHOM>'
      [possible values: child, group]

    For more information, try '--help'.
    ");
}

#[test]
fn given_conditions_that_are_none() {
    insta::assert_snapshot!(run(&["--wait-for", "queue,banana"]), @"
    exit status: 125
    lameduck: invalid value 'banana' for '--wait-for <WHAT>'
      [possible values: queue, half-open, unread, in-flight, silent]

    For more information, try '--help'.
    ");
}

#[test]
fn given_ports_that_are_none() {
    insta::assert_snapshot!(run(&["--port", "99999"]), @"
    exit status: 125
    lameduck: invalid value '99999' for '--port <PORT>': a port is a number from 1 to 65535

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--port", "0"]), @"
    exit status: 125
    lameduck: invalid value '0' for '--port <PORT>': a port is a number from 1 to 65535

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--port", "-1"]), @"
    exit status: 125
    lameduck: invalid value '-1' for '--port <PORT>': a port is a number from 1 to 65535

    For more information, try '--help'.
    ");
}

#[test]
fn given_addresses_at_which_nobody_can_listen() {
    insta::assert_snapshot!(run(&["--listen", "nonsense"]), @"
    exit status: 125
    lameduck: invalid value 'nonsense' for '--listen <IP:PORT>': an address is IP:PORT without a name, such as 0.0.0.0:8000 or [::]:8000

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--listen", "127.0.0.1:0"]), @"
    exit status: 125
    lameduck: invalid value '127.0.0.1:0' for '--listen <IP:PORT>': nobody would find the server at port 0: give one from 1 to 65535

    For more information, try '--help'.
    ");
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let complaint = run(&["--capture", "none", "--listen", &taken]);
    insta::assert_snapshot!(complaint.replace(&taken, "127.0.0.1:PORT"), @"
    exit status: 125
    lameduck: cannot listen at 127.0.0.1:PORT: Address already in use (os error 98); choose an address of this machine that is free
    ");
}

#[test]
fn given_a_capture_of_nothing_and_a_path_that_is_none() {
    insta::assert_snapshot!(run(&["--capture", "listen"]), @"
    exit status: 125
    lameduck: --capture listen holds the sockets of --listen, and there is none: add --listen IP:PORT
    ");
    insta::assert_snapshot!(run(&["--ignore-path", ""]), @"
    exit status: 125
    lameduck: invalid value '' for '--ignore-path <PATH>': a path is one such as /run/app.sock, and an abstract name one such as @app

    For more information, try '--help'.
    ");
}

#[test]
fn given_a_port_that_is_to_be_drained_and_ignored() {
    insta::assert_snapshot!(run(&["--port", "80,81", "--ignore-port", "82,81"]), @"
    exit status: 125
    lameduck: --port 81 and --ignore-port 81 contradict each other: leave one of them out
    ");
    insta::assert_snapshot!(run(&["--listen", "127.0.0.1:80", "--ignore-port", "80"]), @"
    exit status: 125
    lameduck: --listen 127.0.0.1:80 is to be drained, and --ignore-port 80 to be left alone: leave one of them out
    ");
}

#[test]
fn given_fellow_servers_that_are_none_or_contradict() {
    insta::assert_snapshot!(run(&["--relay-to", "http://web"]), @"
    exit status: 125
    lameduck: invalid value 'http://web' for '--relay-to <HOST:PORT>': a fellow server is HOST:PORT, such as web:8000, 10.0.0.7:8000 or [fd00::7]:8000

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--late-arrivals", "relay"]), @"
    exit status: 125
    lameduck: --late-arrivals relay needs a fellow server to relay to: add --relay-to HOST:PORT
    ");
    insta::assert_snapshot!(run(&["--relay-to", "web:8000"]), @"
    exit status: 125
    lameduck: --relay-to is for --late-arrivals relay, and late arrivals are answered: add --late-arrivals relay
    ");
    for itself in [
        &["--relay-to", "localhost:8000", "--port", "8000"][..],
        &["--relay-to", "[::1]:8000", "--port", "8000"],
        &["--relay-to", "web:8000,127.0.0.2:8000", "--listen", "0.0.0.0:8000"],
        &["--relay-to", "10.0.0.7:8000", "--listen", "10.0.0.7:8000"],
    ] {
        let complaint = run(&[&["--late-arrivals", "relay"], itself].concat());
        assert!(complaint.contains("is the server that is to be stopped: name another"), "{complaint}");
    }
}

#[test]
fn given_a_gate_that_is_not_known() {
    insta::assert_snapshot!(run(&["--gate", "reject"]), @"
    exit status: 125
    lameduck: invalid value 'reject' for '--gate <HOW>'
      [possible values: auto, divert, refuse, none]

    For more information, try '--help'.
    ");
}

#[test]
fn given_signals_that_are_none_or_cannot_be_received() {
    insta::assert_snapshot!(run(&["--stop-signal", "KILL"]), @"
    exit status: 125
    lameduck: invalid value 'KILL' for '--stop-signal <SIGNAL>': KILL never reaches lameduck as a request: give one such as TERM, INT, QUIT or RTMIN+3

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--stop-signal", "FOO"]), @r#"
    exit status: 125
    lameduck: invalid value 'FOO' for '--stop-signal <SIGNAL>': there is no signal "FOO": give a name such as TERM, SIGQUIT or RTMIN+3, or a number from 1 to 64

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(run(&["--stop-signal", "-9"]), @r#"
    exit status: 125
    lameduck: invalid value '-9' for '--stop-signal <SIGNAL>': there is no signal "-9": give a name such as TERM, SIGQUIT or RTMIN+3, or a number from 1 to 64

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(run(&["--forward-signal", "TERM"]), @"
    exit status: 125
    lameduck: invalid value 'TERM' for '--forward-signal <SIGNAL=SIGNAL>': a translation is two signals with = between them, such as TERM=QUIT

    For more information, try '--help'.
    ");
}

#[test]
fn given_variables_with_such_values() {
    insta::assert_snapshot!(run_with("LAMEDUCK_TIMEOUT", "banana"), @"
    exit status: 125
    lameduck: invalid value 'banana' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_TIMEOUT.
    ");
    insta::assert_snapshot!(run_with("LAMEDUCK_TIMEOUT", ""), @"
    exit status: 125
    lameduck: invalid value '' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_TIMEOUT.
    ");
    insta::assert_snapshot!(run_with("LAMEDUCK_WAIT_FOR", "banana"), @"
    exit status: 125
    lameduck: invalid value 'banana' for '--wait-for <WHAT>'
      [possible values: queue, half-open, unread, in-flight, silent]

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_WAIT_FOR.
    ");
    insta::assert_snapshot!(run_with("LAMEDUCK_PORT", "http"), @"
    exit status: 125
    lameduck: invalid value 'http' for '--port <PORT>': a port is a number from 1 to 65535

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_PORT.
    ");
}

#[test]
fn given_an_option_that_is_none_then_it_is_not_taken_for_the_command() {
    insta::assert_snapshot!(run(&["--timeuot", "3s"]), @"
    exit status: 125
    lameduck: unexpected argument '--timeuot' found

      tip: a similar argument exists: '--timeout'
      tip: to pass '--timeuot' as a value, use '-- --timeuot'

    Usage: lameduck run [OPTIONS] [--] <COMMAND> [ARGUMENT]...

    For more information, try '--help'.
    ");
}
