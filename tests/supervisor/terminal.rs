//! On a terminal the server is in the foreground. `terminal.py` is the terminal, and a shell with job
//! control.
use super::support::finish;
use std::process::Command;

fn at_a_terminal(scene: &str) -> String {
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    let output = finish(Command::new("python3").args(["-c", include_str!("terminal.py"), scene, lameduck]));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn ctrl_c_reaches_the_server_which_is_in_the_foreground() {
    assert_eq!(at_a_terminal("interrupt"), "foreground\ninterrupted\nstatus 5\n");
}

#[test]
fn ctrl_z_stops_both_and_the_shells_fg_continues_both_in_the_foreground() {
    assert_eq!(
        at_a_terminal("stop"),
        "foreground\njob stopped\ncontinued\nforeground\ninterrupted\nstatus 5\n"
    );
}

#[test]
fn in_the_background_the_terminal_is_not_taken_from_the_shell() {
    assert_eq!(at_a_terminal("background"), "background\nstatus 5\n");
}
