//! The server's arguments, and the supervisor's own signals. What else the server is given: tests/conformance.
use super::support::finish;
use super::{Running, process, run};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn arguments_arrive_byte_by_byte() {
    let show = "import os, sys; print([os.fsencode(a) for a in sys.argv[1:]])";
    let mut command =
        run(&[], &["python3", "-c", show, "", "two words", "new\nline", "--", "--help", "$HOME *"]);
    let output = finish(command.arg(OsStr::from_bytes(b"\xff")));
    let expected = r"[b'', b'two words', b'new\nline', b'--', b'--help', b'$HOME *', b'\xff']";
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), expected);
}

#[test]
fn lameduck_itself_blocks_all_signals_but_faults() {
    let (running, child) = Running::python(&[], "import signal; signal.pause()");
    let blocked = u64::from_str_radix(&process::field(running.pid(), "SigBlk").unwrap(), 16).unwrap();
    let open: Vec<u32> = (1..=64).filter(|number| blocked & (1 << (number - 1)) == 0).collect();
    // ILL TRAP ABRT BUS FPE KILL SEGV STOP SYS, and libc's own.
    assert_eq!(open, [4, 5, 6, 7, 8, 9, 11, 19, 31, 32, 33]);
    process::kill(child, libc::SIGKILL);
    assert_eq!(running.end(), Some(137));
}

#[test]
fn the_server_leads_a_process_group_of_its_own() {
    let (mut running, child) = Running::python(&[], "print(os.getpgrp(), flush=True)");
    assert_eq!(running.line(), child.to_string());
    assert_eq!(running.end(), Some(0));
}
