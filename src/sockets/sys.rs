//! The socket options that no library offers: TCP_INFO in the length that the kernel gives it, SO_RCVLOWAT, and the
//! classic BPF program of a SO_REUSEPORT group. Thin, and safe from here on.
#![allow(unsafe_code)]
use super::tcp_info::TCP_INFO_MAX;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// The length of an option's value; all are a few bytes.
#[expect(clippy::cast_possible_truncation)]
const fn length_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

/// One instruction of a classic BPF program (`struct sock_filter` of linux/filter.h).
pub use libc::sock_filter as Instruction;

/// Reads `struct tcp_info` of a TCP socket into `buffer` and returns the part that the kernel filled.
///
/// # Errors
/// getsockopt(2)'s own: EOPNOTSUPP or ENOPROTOOPT when the descriptor is no TCP socket.
pub fn tcp_info(socket: impl AsFd, buffer: &mut [u8; TCP_INFO_MAX]) -> io::Result<&[u8]> {
    let mut length = libc::socklen_t::try_from(buffer.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: `buffer` is writable for `length` bytes, which the kernel never exceeds and updates.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            buffer.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 { Ok(&buffer[..length as usize]) } else { Err(io::Error::last_os_error()) }
}

/// Gives the SO_REUSEPORT group of `socket` a classic BPF program that names the member for each connection.
///
/// # Errors
/// setsockopt(2)'s own: EINVAL when the socket is in no group yet or the program is refused, EPERM from a
/// seccomp filter, ENOMEM.
pub fn attach_reuseport_program(socket: impl AsFd, program: &[Instruction]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let fprog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `fprog` points to `len` instructions that live through the call; the kernel only reads them.
    unsafe { set(socket, libc::SO_ATTACH_REUSEPORT_CBPF, &fprog) }
}

/// Takes the program of the SO_REUSEPORT group of `socket` away again (Linux 5.3).
///
/// # Errors
/// setsockopt(2)'s own: ENOENT when there is none.
pub fn detach_reuseport_program(socket: impl AsFd) -> io::Result<()> {
    let unused: libc::c_int = 0;
    // SAFETY: the kernel reads one int, which `unused` is.
    unsafe { set(socket, libc::SO_DETACH_REUSEPORT_BPF, &unused) }
}

/// Sets SO_RCVLOWAT: fewer waiting bytes than this neither wake a poller nor end a blocking recv(2) (socket(7)).
/// Lowering it wakes whom it had kept asleep (tcp_set_rcvlowat() in net/ipv4/tcp.c).
///
/// # Errors
/// setsockopt(2)'s own; EPERM from a seccomp filter.
pub fn set_receive_low_water_mark(socket: impl AsFd, bytes: u32) -> io::Result<()> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    // SAFETY: the kernel reads one int, which `bytes` is.
    unsafe { set(socket, libc::SO_RCVLOWAT, &bytes) }
}

/// Sets an option of level SOL_SOCKET.
///
/// # Safety
/// `value` is what the kernel reads for this option, and all that it points to is valid.
unsafe fn set<T>(socket: impl AsFd, option: libc::c_int, value: &T) -> io::Result<()> {
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel reads `length_of` bytes of `value`; for the rest the caller vouches.
    let result = unsafe {
        libc::setsockopt(socket, libc::SOL_SOCKET, option, (&raw const *value).cast(), length_of::<T>())
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
