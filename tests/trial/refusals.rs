//! What cannot be tried, and values that cannot be meant: each complaint says what would be right.
use super::trouble;

#[test]
fn given_what_cannot_be_tried_then_it_says_why() {
    insta::assert_snapshot!(trouble(&["--url", "http://192.0.2.1:80/", "--", "true"]), @"
    lameduck: http://192.0.2.1 is at 192.0.2.1, which is not this machine's loopback: a trial only loads servers on 127.0.0.1 or ::1
    ");
    insta::assert_snapshot!(trouble(&["--", "no-such-command-anywhere"]), @"
    lameduck: plain: cannot start no-such-command-anywhere: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(trouble(&["--", "sh", "-c", "echo first; echo second >&2; exit 3"]), @"
    lameduck: plain: the server ended by itself before it answered (exit status: 3)
      | first
      | second
    ");
    insta::assert_snapshot!(trouble(&["--slow-every", "5", "--", "true"]), @"
    lameduck: --slow-every needs --slow-path: which of your server's paths is slow cannot be guessed
    ");
}

#[test]
fn given_a_bad_value_then_it_says_what_would_be_right() {
    insta::assert_snapshot!(trouble(&["--rate", "-3"]), @"
    lameduck: invalid value '-3' for '--rate <N/s>': a rate is auto, or a number a second from 0.1/s to 20000/s, such as 130/s

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--before", "-3"]), @"
    lameduck: invalid value '-3' for '--before <TIME>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--limit", "2h"]), @"
    lameduck: invalid value '2h' for '--limit <TIME>': no part of a trial takes longer than 1h

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--stop-signal", "-3"]), @"
    lameduck: invalid value '-3' for '--stop-signal <SIGNAL>': a signal is a name or a number, such as TERM, QUIT or 15

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--supervisor", "'tini"]), @"
    lameduck: invalid value ''tini' for '--supervisor <COMMAND>': a supervisor is a command as a shell would read it, such as 'tini -g --'

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--workers", "0"]), @"
    lameduck: invalid value '0' for '--workers <N>': a whole number of workers from 1 to 64

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--url", "https://localhost/", "--", "true"]), @"
    lameduck: invalid value 'https://localhost/' for '--url <http://HOST:PORT/PATH>': a URL is http://HOST:PORT/PATH, such as http://127.0.0.1:8000/

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--workers", "3", "--", "true"]), @"
    lameduck: the argument '--workers <N>' cannot be used with '[COMMAND]...'

    Usage: lameduck trial --workers <N> [COMMAND]...

    For more information, try '--help'.
    ");
}

#[test]
fn given_a_bad_value_for_the_clients_then_it_says_what_would_be_right() {
    insta::assert_snapshot!(trouble(&["--clients", "old"]), @"
    lameduck: invalid value 'old' for '--clients <WHICH>'
      [possible values: new, kept-alive, both]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--kept-alive", "0"]), @"
    lameduck: invalid value '0' for '--kept-alive <N>': a whole number of clients from 1 to 10000; for none there is --clients new

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--think", "-3"]), @"
    lameduck: invalid value '-3' for '--think <TIME>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--pipeline", "101"]), @"
    lameduck: invalid value '101' for '--pipeline <N>': a whole number of requests from 1 to 100; 1 is no pipelining

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--body", "64KB/s"]), @"
    lameduck: invalid value '64KB/s' for '--body <SIZE>': a size is a whole number of bytes up to 1GiB, such as 0, 1500, 64KiB or 1MB

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--body", "1", "--body-pieces", "0"]), @"
    lameduck: invalid value '0' for '--body-pieces <N>': a whole number of pieces from 1 to 10000

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--body-pause", "1ms"]), @"
    lameduck: the following required arguments were not provided:
      --body <SIZE>

    Usage: lameduck trial --body <SIZE> --body-pause <TIME> [COMMAND]...

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(trouble(&["--clients", "new", "--body", "1"]), @"lameduck: --body and --pipeline are for kept-alive clients, which --clients new leaves out");
}
