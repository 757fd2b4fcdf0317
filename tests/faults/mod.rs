//! Faults made for real: a thread for which the kernel refuses a system call, and a network of its own.
//!
//! A seccomp filter and a network namespace belong to the thread that asked for them, so that a test's fault
//! troubles no other test of the same process.
#![allow(unsafe_code, dead_code)] // the few calls that no library offers; each test binary uses some of these
pub mod answers;
pub mod later;
pub mod own_mounts;
pub mod own_network;

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

/// Lets only first SYNs through to a listener: the ACKs that complete handshakes are lost on the way.
pub fn lose_acks(listener: impl AsFd) {
    // In a TCP socket's filter offset 0 is the TCP header (tcp_filter() of net/ipv4/tcp_ipv4.c); its flags are
    // at 13, ACK is 0x10 (RFC 9293).
    attach_filter(
        listener,
        &[
            statement(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, 13),
            statement(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 0, 1, 0x10),
            statement(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
            statement(libc::BPF_RET | libc::BPF_K, 0, 0, u32::MAX),
        ],
    );
}

/// One instruction of a classic BPF program (linux/filter.h).
fn statement(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).unwrap(), jt, jf, k }
}

/// Has the kernel ask this program how much of each packet the socket gets, in bytes (socket(7), SO_ATTACH_FILTER).
fn attach_filter(socket: impl AsFd, program: &[libc::sock_filter]) {
    let len = u16::try_from(program.len()).unwrap();
    let filter = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `filter` points to `len` instructions that live through the call; the kernel only reads them.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const filter).cast(),
            16, // struct sock_fprog
        )
    };
    assert_eq!(result, 0, "SO_ATTACH_FILTER: {}", std::io::Error::last_os_error());
}

/// Takes [`lose_acks`] back.
pub fn lose_nothing(listener: impl AsFd) {
    let unused: i32 = 0;
    // SAFETY: the kernel reads one int at most, which `unused` is.
    let result = unsafe {
        libc::setsockopt(
            listener.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_DETACH_FILTER,
            (&raw const unused).cast(),
            4,
        )
    };
    assert_eq!(result, 0, "SO_DETACH_FILTER: {}", std::io::Error::last_os_error());
}
