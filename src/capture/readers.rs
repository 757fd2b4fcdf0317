//! What must hold of whatever a server's calls are announced with ([`crate::readers`]).
use super::address::ip_address;
use super::credentials::watches;
use super::notifier::{Call, Waiting};
use super::sys::Notification;
use super::target::flags;
use rustix::net::AddressFamily;
use std::net::SocketAddr;

/// A call is read as the kernel itself reads its registers, and its address as the kernel has it in memory.
///
/// # Panics
/// When it does not hold.
pub fn announced_call(bytes: &[u8]) {
    let mut words = bytes.chunks(8).map(|word| {
        let mut whole = [0; 8];
        whole[..word.len()].copy_from_slice(word);
        u64::from_le_bytes(whole)
    });
    let mut word = || words.next().unwrap_or_default();
    let which = word();
    let numbers = [libc::SYS_bind, libc::SYS_setsockopt, libc::SYS_listen];
    let number = numbers[usize::try_from(which % 3).expect("small")];
    let data = libc::seccomp_data {
        nr: i32::try_from(number).expect("small"),
        arch: 0,
        instruction_pointer: 0,
        args: std::array::from_fn(|_| word()),
    };
    let notification = Notification { id: which, pid: 1, flags: 0, data };
    let int = |register: u64| register.to_le_bytes().first_chunk().map(|low| i32::from_le_bytes(*low));
    match Waiting::of(&notification).call {
        Call::Bind { fd, address, length } => {
            assert_eq!((number, Some(fd), address), (libc::SYS_bind, int(data.args[0]), data.args[1]));
            assert!(u32::try_from(length).is_ok());
        }
        Call::SetOption { fd, level, name, value, length } => {
            assert_eq!((number, Some(fd), value), (libc::SYS_setsockopt, int(data.args[0]), data.args[3]));
            assert_eq!((Some(level), Some(name)), (int(data.args[1]), int(data.args[2])));
            assert!(u32::try_from(length).is_ok());
        }
        Call::Other => assert_eq!(number, libc::SYS_listen),
    }

    for family in [AddressFamily::INET, AddressFamily::INET6] {
        // As it is, and of this family.
        let known = [&family.as_raw().to_ne_bytes()[..], bytes].concat();
        for memory in [bytes, &known] {
            let Some(address) = ip_address(memory, family) else { continue };
            let written = written(address);
            // `sin_zero` of an IPv4 address, and what lies behind either, is nobody's.
            assert_eq!(written, memory[..written.len()], "another address than the kernel's");
            assert_eq!(ip_address(&memory[..written.len() - 1], family), None, "a part of one is none");
        }
    }
}

/// `struct sockaddr_in` (ip(7)) without its end, or `struct sockaddr_in6` (ipv6(7)).
fn written(address: SocketAddr) -> Vec<u8> {
    let port = address.port().to_be_bytes();
    match address {
        SocketAddr::V4(address) => {
            [&AddressFamily::INET.as_raw().to_ne_bytes()[..], &port, &address.ip().octets()].concat()
        }
        SocketAddr::V6(address) => {
            let (flow, scope) = (address.flowinfo().to_be_bytes(), address.scope_id().to_ne_bytes());
            let family = AddressFamily::INET6.as_raw().to_ne_bytes();
            [&family[..], &port, &flow, &address.ip().octets(), &scope].concat()
        }
    }
}

/// /proc/PID/fdinfo of a socket and of an epoll: flags are those of the line, and a socket is in an epoll only where a line says so.
///
/// # Panics
/// When it does not hold.
pub fn fdinfo(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(flags_told) = flags(&text) {
        assert_eq!(flags(&format!("pos:\t0\nflags:\t0{:o}\n", flags_told.bits())), Some(flags_told));
    }
    // proc_pid_fdinfo(5)
    let line = "tfd:        5 events:       19 data:                5  pos:0 ino:61af sdev:7";
    assert!(watches(line, 0x61af) && !watches(line, 0x61a) && !watches(line, 0x7));
    assert!(!watches(&text, 0x61af) || text.contains("tfd:") && text.contains("ino:61af"));
    assert!(watches(&format!("{text}\n{line}\n{text}"), 0x61af), "another line hides it");
}
