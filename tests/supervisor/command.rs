//! The server gets its arguments, environment, directory, umask and signal state as if it had been started
//! plainly.
use super::support::finish;
use super::{Running, process, run};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

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
fn environment_directory_umask_and_limits_are_those_lameduck_was_given() {
    // Without the mark that the tests put on what they start.
    let show = "
import os, resource
del os.environ['TEST_PROCESS']
print(sorted(os.environb.items()), os.getcwd(), oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_NOFILE))";
    let plainly = around(&[], show);
    assert_eq!(around(&[env!("CARGO_BIN_EXE_lameduck"), "run", "--"], show), plainly);
    assert!(plainly.contains(r"b'two\nlines \xff'"), "{plainly}");
    assert!(plainly.contains("/proc 0o27 (77,"), "{plainly}");
}

/// What a Python program says in an unusual environment, directly or under `wrapper`.
fn around(wrapper: &[&str], program: &str) -> String {
    let setting = "umask 027; ulimit -S -n 77; cd /proc; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", setting, "sh"]).args(wrapper).args(["python3", "-c", program]);
    command
        .env("ODD", OsStr::from_bytes(b"two\nlines \xff"))
        .env("EMPTY", "")
        .env("LISTEN_PID", "1")
        .env("LISTEN_FDS", "2");
    let output = finish(&mut command);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn signals_are_at_their_defaults_whatever_lameduck_inherited() {
    // Given: a parent that ignores and blocks all that can be.
    let hostile = "
import os, signal, sys
every = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
for number in every: signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, every)
os.execvp(sys.argv[1], sys.argv[1:])";
    for wrapper in [vec![], vec!["python3", "-c", hostile]] {
        // When: lameduck starts a server that is no interpreter with ideas of its own.
        let words =
            [wrapper, vec![env!("CARGO_BIN_EXE_lameduck"), "run", "--", "cat", "/proc/self/status"]].concat();
        let output = finish(Command::new(words[0]).args(&words[1..]));
        let status = String::from_utf8(output.stdout).unwrap();
        // Then: nothing is blocked, ignored or caught.
        for field in ["SigBlk", "SigIgn", "SigCgt"] {
            assert!(status.contains(&format!("\n{field}:\t0000000000000000\n")), "{field} in {status}");
        }
    }
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
