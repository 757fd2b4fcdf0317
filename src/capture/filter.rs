//! The seccomp program that the server runs under: bind(2) is announced to lameduck, and so are the setsockopt(2)
//! calls that say what a listener is. It forbids nothing. Every other call is decided by the kernel's cache of this
//! program's answers and costs nothing (seccomp_cache_check_allow(), Linux 5.11).
use super::announced::ANNOUNCED;
use super::sys::{self, Instruction};
use std::ffi::c_int;
use std::io;
use std::mem::offset_of;
use std::os::fd::OwnedFd;

/// What the kernel calls this machine's own system calls (`AUDIT_ARCH_*` of linux/audit.h). Calls of another kind, as
/// 32-bit programs make them, have other numbers and are not looked at; x32's are another bit of these.
const OWN_CALLS: Option<u32> = if cfg!(target_arch = "x86_64") {
    Some(0xC000_003E)
} else if cfg!(target_arch = "aarch64") {
    Some(0xC000_00B7)
} else if cfg!(target_arch = "riscv64") {
    Some(0xC000_00F3)
} else {
    None
};

/// `sizeof(struct sockaddr_in)`: shorter addresses are netlink's, which every name look-up binds.
const SHORTEST_ADDRESS: u32 = 16;

/// Puts the calling thread, and all that it will start, under the program; gives the descriptor at which their calls
/// are answered. Sets no_new_privs, as seccomp(2) wants it of whoever has no privilege: set-user-ID programs started
/// from here gain none.
///
/// # Errors
/// EBUSY: another seccomp listener stands above us already; ENOSYS, EINVAL, EPERM: this kernel or a seccomp profile
/// does not permit it.
pub fn install() -> io::Result<OwnedFd> {
    let own_calls = OWN_CALLS.ok_or(io::ErrorKind::Unsupported)?;
    rustix::thread::set_no_new_privs(true)?;
    let program = program(own_calls);
    // Once we have received a call, only a deadly signal interrupts it (Linux 5.19).
    match sys::install(&program, libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => sys::install(&program, 0),
        installed => installed,
    }
}

fn program(own_calls: u32) -> Vec<Instruction> {
    let announce = || vec![instruction(libc::BPF_RET, libc::SECCOMP_RET_USER_NOTIF)];
    let allow = || vec![instruction(libc::BPF_RET, libc::SECCOMP_RET_ALLOW)];
    let of_an_ip_address = jump(libc::BPF_JGE, SHORTEST_ADDRESS, 0, 1);
    let bind = [vec![load(argument(2)), of_an_ip_address], announce(), allow()].concat();
    let set_option = [
        vec![load(argument(1))],
        ANNOUNCED
            .iter()
            .flat_map(|(level, names)| {
                let each = names.iter().flat_map(|name| if_equal(number(*name), &announce()));
                if_equal(number(*level), &[vec![load(argument(2))], each.collect(), allow()].concat())
            })
            .collect(),
        allow(),
    ]
    .concat();
    [
        vec![load(offset_of!(libc::seccomp_data, arch)), jump(libc::BPF_JEQ, own_calls, 1, 0)],
        allow(),
        vec![load(offset_of!(libc::seccomp_data, nr))],
        if_equal(call(libc::SYS_bind), &bind),
        if_equal(call(libc::SYS_setsockopt), &set_option),
        allow(),
    ]
    .concat()
}

/// Where the part of an argument is that an int is passed in: its low word.
const fn argument(position: usize) -> usize {
    let low = if cfg!(target_endian = "little") { 0 } else { size_of::<u32>() };
    offset_of!(libc::seccomp_data, args) + position * size_of::<u64>() + low
}

/// `block`, which ends by returning, if what was loaded is `k`.
fn if_equal(k: u32, block: &[Instruction]) -> Vec<Instruction> {
    let past = u8::try_from(block.len()).unwrap_or(u8::MAX);
    debug_assert!(usize::from(past) == block.len(), "a jump reaches 255 instructions");
    [&[jump(libc::BPF_JEQ, k, 0, past)], block].concat()
}

fn load(offset: usize) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, u32::try_from(offset).unwrap_or(u32::MAX))
}

fn jump(how: u32, k: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction { jt: if_true, jf: if_false, ..instruction(libc::BPF_JMP | how | libc::BPF_K, k) }
}

/// The codes of linux/bpf_common.h fit into the 16 bits of the instruction.
fn instruction(code: u32, k: u32) -> Instruction {
    Instruction { code: u16::try_from(code).unwrap_or(u16::MAX), jt: 0, jf: 0, k }
}

fn number(option: c_int) -> u32 {
    option.cast_unsigned()
}

/// Numbers of system calls fit into `struct seccomp_data`'s int.
fn call(number: libc::c_long) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program as the kernel would, on a call with these arguments.
    fn verdict(arch: u32, nr: i64, args: [u64; 6]) -> u32 {
        let nr = i32::try_from(nr).unwrap();
        let mut words = vec![nr.cast_unsigned(), arch, 0, 0];
        for argument in args {
            words.extend([(argument & 0xFFFF_FFFF) as u32, (argument >> 32) as u32]);
        }
        let program = program(OWN_CALLS.unwrap());
        let (mut at, mut loaded) = (0, 0);
        loop {
            let Instruction { code, jt, jf, k } = program[at];
            let taken = |is: bool| usize::from(if is { jt } else { jf });
            at += 1;
            match u32::from(code) {
                code if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => loaded = words[k as usize / 4],
                code if code == libc::BPF_JMP | libc::BPF_JEQ => at += taken(loaded == k),
                code if code == libc::BPF_JMP | libc::BPF_JGE => at += taken(loaded >= k),
                libc::BPF_RET => return k,
                code => panic!("{code:#x}"),
            }
        }
    }

    #[test]
    fn binds_of_ip_addresses_and_recorded_options_are_announced_and_nothing_else_is() {
        const TOLD: u32 = libc::SECCOMP_RET_USER_NOTIF;
        const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;
        let own = OWN_CALLS.unwrap();
        let option = |level: i32, name: i32| {
            let args = [3, number(level).into(), number(name).into(), 0, 4, 0];
            verdict(own, libc::SYS_setsockopt, args)
        };
        assert_eq!(verdict(own, libc::SYS_bind, [3, 1 << 40, 16, 0, 0, 0]), TOLD);
        // What is above an int's 32 bits is not looked at by the kernel either.
        assert_eq!(verdict(own, libc::SYS_bind, [3, 1 << 40, 0x1c | 1 << 32, 0, 0, 0]), TOLD);
        assert_eq!(verdict(own, libc::SYS_bind, [3, 1 << 40, 12, 0, 0, 0]), ALLOWED);
        assert_eq!(verdict(own ^ 1, libc::SYS_bind, [3, 1 << 40, 16, 0, 0, 0]), ALLOWED);
        assert_eq!(verdict(own, libc::SYS_listen, [3, 128, 16, 0, 0, 0]), ALLOWED);
        for (level, names) in ANNOUNCED {
            for name in *names {
                assert_eq!(option(*level, *name), TOLD, "{level} {name}");
            }
        }
        // Those that servers set on each connection.
        assert_eq!(option(libc::IPPROTO_TCP, libc::TCP_NODELAY), ALLOWED);
        assert_eq!(option(libc::SOL_SOCKET, libc::SO_KEEPALIVE), ALLOWED);
        assert_eq!(option(libc::SOL_UDP, libc::SO_REUSEADDR), ALLOWED);
    }
}
