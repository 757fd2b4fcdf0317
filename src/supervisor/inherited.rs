//! Signals as we were given them, for the command: what is ignored (`nohup`, and PIPE by systemd) and what is blocked
//! stays so. Written down before main, because Rust's runtime ignores PIPE there.
#![allow(unsafe_code)]
use super::signal::Signal;
use super::sys;
use nix::sys::signal::SigSet;
use std::sync::OnceLock;

/// What lameduck and its runtime change.
#[derive(Debug)]
struct Inherited {
    blocked: SigSet,
    /// Whether each of [`CHANGED`] was ignored.
    ignored: [bool; 2],
}

/// Those whose disposition is changed: PIPE by Rust's runtime, CHLD by [`super::Signals::block`].
const CHANGED: [Signal; 2] = [Signal::PIPE, Signal::CHLD];

static INHERITED: OnceLock<Inherited> = OnceLock::new();

// SAFETY: the C library calls what is in this section before main, with arguments that a function without any leaves
// alone. `write_down` needs nothing of the runtime: it asks the kernel and fills a static.
#[used]
// Miri, which knows no masks of signals, does without.
#[cfg_attr(not(miri), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = write_down;

extern "C" fn write_down() {
    // Nothing is refused of one's own mask (sigprocmask(2)).
    let blocked = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
    let _ = INHERITED.set(Inherited { blocked, ignored: CHANGED.map(sys::is_ignored) });
}

/// In the child, before exec: gives back the dispositions that were changed. Allocates nothing.
pub fn restore_dispositions() {
    for (signal, ignored) in CHANGED.into_iter().zip(INHERITED.get().map_or([false; 2], |was| was.ignored)) {
        sys::set_disposition(signal, ignored);
    }
}

/// The same with what was blocked.
pub fn restore_mask() {
    // Nothing is refused of it, as above.
    let _ = INHERITED.get().map_or(SigSet::empty(), |was| was.blocked).thread_set_mask();
}
