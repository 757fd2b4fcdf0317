//! The terminal's manners. The server is a process group of its own, so on a terminal that group has to be
//! the foreground one: it gets Ctrl-C, and may read. When the keyboard stops it (Ctrl-Z), lameduck stops too,
//! so that the shell which started us notices; `fg` continues us, and we the server.
use rustix::process::{Pid, Signal, getpgrp, getpid, getsid, kill_process};
use rustix::stdio::stdin;
use rustix::termios::{tcgetpgrp, tcsetpgrp};

/// Whether standard input is our controlling terminal and we are in its foreground: only then is it ours to
/// give.
pub fn is_ours() -> bool {
    // Any other descriptor, or another session's terminal: ENOTTY (tcgetpgrp(3)).
    tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
}

/// Makes `group` the foreground one. TTOU has to be blocked, or the caller in the background is stopped by
/// it.
pub fn give_to(group: Pid) {
    // It fails when the terminal is gone (EIO, ENOTTY) or the group (EPERM): nothing to give, or nobody to
    // give to.
    let _ = tcsetpgrp(stdin(), group);
}

/// Stops this process until somebody continues it.
pub fn stop_too() {
    // A session leader has no shell above it that could continue it.
    if getsid(None) != Ok(getpid()) {
        // Nobody is refused a signal to himself.
        let _ = kill_process(getpid(), Signal::STOP);
    }
}
