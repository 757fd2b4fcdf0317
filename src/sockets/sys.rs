//! The socket options that no library offers: TCP_INFO in the length that the kernel gives it, SO_MEMINFO, the classic BPF program of a
//! SO_REUSEPORT group or of a socket, and any option by its number. Thin, and safe from here on.
#![allow(unsafe_code)]
use super::tcp_info::TCP_INFO_MAX;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// SO_MEMINFO of asm-generic/socket.h: figures of a socket, each a u32 (Linux 4.12).
const SO_MEMINFO: libc::c_int = 55;
/// The place of the drops among them (linux/sock_diag.h).
const SK_MEMINFO_DROPS: usize = libc::SK_MEMINFO_DROPS as usize;

/// One instruction of a classic BPF program (`struct sock_filter` of linux/filter.h).
pub use libc::sock_filter as Instruction;

/// Reads `struct tcp_info` of a TCP socket into `buffer` and returns the part that the kernel filled.
///
/// # Errors
/// getsockopt(2)'s own: EOPNOTSUPP or ENOPROTOOPT when the descriptor is no TCP socket.
pub fn tcp_info(socket: impl AsFd, buffer: &mut [u8; TCP_INFO_MAX]) -> io::Result<&[u8]> {
    get_option(socket, libc::IPPROTO_TCP, libc::TCP_INFO, buffer)
}

/// How many segments that came to this socket were dropped: by its filter, or because there was no room.
///
/// # Errors
/// getsockopt(2)'s own: ENOPROTOOPT before Linux 4.12.
pub fn drops(socket: impl AsFd) -> io::Result<u32> {
    let mut figures = [0; (SK_MEMINFO_DROPS + 1) * size_of::<u32>()];
    let told = get_option(socket, libc::SOL_SOCKET, SO_MEMINFO, &mut figures)?;
    let drops = told.chunks_exact(size_of::<u32>()).nth(SK_MEMINFO_DROPS);
    let drops = drops.and_then(|drops| drops.try_into().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(u32::from_ne_bytes(drops))
}

fn get_option(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    buffer: &mut [u8],
) -> io::Result<&[u8]> {
    let mut length = libc::socklen_t::try_from(buffer.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: `buffer` is writable for `length` bytes, which the kernel never exceeds and updates.
    let result = unsafe {
        libc::getsockopt(socket.as_fd().as_raw_fd(), level, name, buffer.as_mut_ptr().cast(), &raw mut length)
    };
    if result == 0 { Ok(&buffer[..length as usize]) } else { Err(io::Error::last_os_error()) }
}

/// Gives the SO_REUSEPORT group of `socket` a classic BPF program that names the member for each connection.
///
/// # Errors
/// setsockopt(2)'s own: EINVAL when the socket is in no group yet or the program is refused, EPERM from a
/// seccomp filter, ENOMEM.
pub fn attach_reuseport_program(socket: impl AsFd, program: &[Instruction]) -> io::Result<()> {
    attach(socket, libc::SO_ATTACH_REUSEPORT_CBPF, program)
}

/// Gives `socket` itself a classic BPF program that says of each segment how much of it the socket hears; 0: it was never sent
/// (`tcp_filter()` in net/ipv4/tcp_ipv4.c).
///
/// # Errors
/// setsockopt(2)'s own: EPERM from a seccomp filter, ENOMEM.
pub fn attach_filter(socket: impl AsFd, program: &[Instruction]) -> io::Result<()> {
    attach(socket, libc::SO_ATTACH_FILTER, program)
}

/// Takes that program away again.
///
/// # Errors
/// setsockopt(2)'s own: ENOENT when there is none.
pub fn detach_filter(socket: impl AsFd) -> io::Result<()> {
    let unused: libc::c_int = 0;
    set_option(socket, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, &unused.to_ne_bytes())
}

fn attach(socket: impl AsFd, option: libc::c_int, program: &[Instruction]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let fprog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    let length = libc::socklen_t::try_from(size_of_val(&fprog)).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the kernel reads one sock_fprog, which points to `len` instructions that live through the call, and only reads
    // these.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            (&raw const fprog).cast(),
            length,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Takes the program of the SO_REUSEPORT group of `socket` away again (Linux 5.3).
///
/// # Errors
/// setsockopt(2)'s own: ENOENT when there is none.
pub fn detach_reuseport_program(socket: impl AsFd) -> io::Result<()> {
    let unused: libc::c_int = 0;
    set_option(socket, libc::SOL_SOCKET, libc::SO_DETACH_REUSEPORT_BPF, &unused.to_ne_bytes())
}

/// Sets SO_RCVLOWAT: fewer waiting bytes than this neither wake a poller nor end a blocking recv(2) (socket(7)).
/// Lowering it wakes whom it had kept asleep (tcp_set_rcvlowat() in net/ipv4/tcp.c).
///
/// # Errors
/// setsockopt(2)'s own; EPERM from a seccomp filter.
pub fn set_receive_low_water_mark(socket: impl AsFd, bytes: u32) -> io::Result<()> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    set_option(socket, libc::SOL_SOCKET, libc::SO_RCVLOWAT, &bytes.to_ne_bytes())
}

/// Sets any socket option whose value holds no pointers.
///
/// # Errors
/// setsockopt(2)'s own.
pub fn set_option(socket: impl AsFd, level: libc::c_int, name: libc::c_int, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: `value` is readable for `length` bytes. The caller passes no option with pointers inside; the kernel
    // would take such as its own and fail, and reads memory only.
    let result =
        unsafe { libc::setsockopt(socket.as_fd().as_raw_fd(), level, name, value.as_ptr().cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
