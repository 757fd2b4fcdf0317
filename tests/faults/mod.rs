//! Faults made for real: a thread for which the kernel refuses a system call, and a network of its own.
//!
//! A seccomp filter and a network namespace belong to the thread that asked for them, so that a test's fault
//! troubles no other test of the same process.
#![allow(unsafe_code, dead_code)] // the few calls that no library offers; each test binary uses some of these
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::resume_unwind;
use std::thread;

/// Runs `body` in a thread whose calls of `syscall` with these arguments (position and value, as 32 bits) fail
/// with `errno`.
pub fn refusing<T: Send>(
    syscall: i64,
    arguments: &[(u8, i32)],
    errno: i32,
    body: impl FnOnce() -> T + Send,
) -> T {
    let conditions: Vec<SeccompCondition> = arguments
        .iter()
        .map(|(position, value)| {
            let value = u64::from(value.cast_unsigned());
            SeccompCondition::new(*position, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value).unwrap()
        })
        .collect();
    let rules = if conditions.is_empty() { vec![] } else { vec![SeccompRule::new(conditions).unwrap()] };
    let filter: BpfProgram = SeccompFilter::new(
        [(syscall, rules)].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(errno.cast_unsigned()),
        std::env::consts::ARCH.try_into().unwrap(),
    )
    .unwrap()
    .try_into()
    .unwrap();
    in_a_thread(move || {
        apply_filter(&filter).unwrap();
        body()
    })
}

/// Runs `body` in a thread of its own, and passes its panic on.
pub fn in_a_thread<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(body).join()).unwrap_or_else(|panic| resume_unwind(panic))
}

/// Sets an option of protocol TCP (`TCP_*` of linux/tcp.h) that is an int.
pub fn set_tcp_option(socket: impl AsFd, option: i32, value: i32) {
    // SAFETY: the kernel reads one int, which `value` is.
    let result = unsafe {
        libc::setsockopt(socket.as_fd().as_raw_fd(), libc::IPPROTO_TCP, option, (&raw const value).cast(), 4)
    };
    assert_eq!(result, 0, "TCP option {option}: {}", std::io::Error::last_os_error());
}
