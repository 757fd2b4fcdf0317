//! What must hold of whatever the kernel's files and other answers tell of sockets and processes ([`crate::readers`]).
use super::address::UnixName;
use super::gate::refuse::table::is_acknowledged;
use super::tcp_info::{TCP_INFO_MAX, TcpInfo};
use super::unix::{node, proc as proc_net_unix};
use super::{caught, counters, processes};
use crate::readers::choice;
use procfs::net::TcpNetEntries;
use procfs::process::{MountInfo, Stat, Status};
use procfs::{FromBufRead as _, FromBufReadSI as _, FromRead as _};
use std::os::unix::ffi::OsStrExt as _;

/// What follows a process's name in /proc/PID/stat: its state, its parent, and fifty more.
const STAT: &[u8] = b"S 1 4711 4711 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 100 1000000 100 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 \
    0 0 0 0 0 0 0 0 0 0 0 0 0\n";

/// nf_tables acknowledges or refuses; whatever else comes is broken, or not meant.
///
/// # Panics
/// When it does not hold.
pub fn nftables_answer(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let sequence = choice.into();
    // `struct nlmsghdr` and `struct nlmsgerr` of linux/netlink.h: NLMSG_ERROR, whose error is 0.
    let acknowledgement =
        [&36_u32.to_ne_bytes()[..], &2_u16.to_ne_bytes(), &[0; 2], &u32::to_ne_bytes(sequence), &[0; 24]]
            .concat();
    assert!(matches!(is_acknowledged(&acknowledgement, sequence), Ok(true)));
    assert!(matches!(is_acknowledged(&acknowledgement, sequence + 1), Ok(false)));
    match is_acknowledged(bytes, sequence) {
        Ok(true) => assert!(bytes.len() >= 20, "no room for one"),
        // What came before is no matter to what comes behind it.
        Ok(false) if bytes.len() % 4 == 0 => {
            let both = [bytes, &acknowledgement].concat();
            let said = is_acknowledged(&both, sequence);
            assert!(said.is_err() || said.is_ok_and(|is| is || declares_more(bytes)));
        }
        Ok(false) | Err(_) => {}
    }
}

/// Whether the last of these messages is longer than what there is of it, so that it takes in what follows.
fn declares_more(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(length) = rest.first_chunk().map(|length| u32::from_ne_bytes(*length) as usize) {
        let Some(next) = rest.get(length.max(1).next_multiple_of(4)..) else { return true };
        rest = next;
    }
    false
}

/// A field of `struct tcp_info` is as it was or unknown, however much of it came.
///
/// # Panics
/// When it does not hold.
pub fn tcp_info(bytes: &[u8]) {
    let (cut, bytes) = choice(bytes);
    let whole = &bytes[..bytes.len().min(TCP_INFO_MAX)];
    let (part, whole) = (TcpInfo(&whole[..whole.len().min(cut.into())]), TcpInfo(whole));
    let fields: [fn(TcpInfo) -> Option<u64>; 10] = [
        |info| info.state().map(u64::from),
        |info| info.accept_queue().map(u64::from),
        |info| info.accept_queue_limit().map(u64::from),
        |info| info.last_data_sent_ms().map(u64::from),
        |info| info.last_data_recv_ms().map(u64::from),
        |info| info.bytes_received(),
        |info| info.unacknowledged().map(u64::from),
        |info| info.not_sent().map(u64::from),
        |info| info.bare_segments_received().map(u64::from),
        |info| info.bare_segments_sent().map(u64::from),
    ];
    for field in fields {
        assert!(field(part).is_none_or(|value| Some(value) == field(whole)));
    }
    // Older kernels acknowledge, newer ones send: the field may be another, but none is made up.
    assert!(whole.bytes_sent().is_some() || part.bytes_sent().is_none());
}

/// /proc/net/{tcp,tcp6,unix,snmp,netstat}: what is read of a line stands in it, and a line by the rules is read.
///
/// # Panics
/// When it does not hold.
pub fn proc_net(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n');
    for row in lines.clone().filter_map(proc_net_unix::row) {
        let at = row.inode.to_string();
        assert!(bytes.windows(at.len()).any(|window| window == at.as_bytes()) || bytes.contains(&b'+'));
        assert!(!(row.listens() && row.is_accepted()) || row.inode != 0);
    }
    for name in lines {
        if let [first, ..] = name
            && *first != b'@'
        {
            // unix_seq_show() in net/unix/af_unix.c.
            let line = [&b"0000000000000000: 00000002 00000000 00010000 0001 01 4711 "[..], name].concat();
            let row = proc_net_unix::row(&line).expect("a line by the rules");
            let UnixName::Path(path) = &row.name else { panic!("a path") };
            assert_eq!((row.inode, path.as_os_str().as_bytes(), row.listens()), (4711, name, true));
        }
    }
    if let Ok(rows) = TcpNetEntries::from_buf_read(bytes, procfs::current_system_info()) {
        assert!(rows.0.len() < bytes.split(|byte| *byte == b'\n').count());
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(count) = counters::find(text, "Tcp", "PassiveOpens")
    {
        assert!(text.contains(&count.to_string()), "{count} is made up");
    }
}

/// /proc/PID/{stat,status,mountinfo,task/TID/{syscall,children},fdinfo/N}: nothing in them, a process's name least of all, keeps
/// their readers from an answer.
///
/// # Panics
/// When it does not hold.
pub fn proc_processes(bytes: &[u8]) {
    let _ = Status::from_buf_read(bytes);
    let text = String::from_utf8_lossy(bytes);
    // A name of up to 15 bytes and what follows, as the kernel puts them (proc_pid_stat(5)): procfs panics where neither a blank nor a
    // state follows the name's end.
    let (name, numbers) = bytes.split_at(bytes.len().min(15));
    let numbers: Vec<u8> = numbers.iter().copied().filter(|byte| byte.is_ascii() && *byte != b')').collect();
    let stat = Stat::from_read(&[b"4711 (", name, b") S ", &numbers].concat()[..]);
    assert!(stat.is_err() || stat.is_ok_and(|stat| stat.pid == 4711));
    let whole = Stat::from_read(&[b"4711 (", name, b") ", STAT].concat()[..]).expect("as the kernel has it");
    assert_eq!((whole.pid, whole.state, whole.ppid), (4711, 'S', 1), "whatever it is called");
    for line in text.lines() {
        let _ = MountInfo::from_line(line);
    }
    assert!(!caught::is_reading("running\n", 0) && caught::is_reading("0 0x7 0x1 0x2\n", 7));
    let _ = caught::is_reading(&text, 7);
    // Whatever a process is called.
    let name: String = text.chars().take(15).collect();
    for (state, is_stopped) in [('T', true), ('S', false)] {
        assert_eq!(caught::tells_stopped(&format!("1 ({name}) {state} 0 1 1 0 -1\n")), is_stopped);
    }
    let children: Vec<_> = processes::pids(&text).collect();
    assert!(children.len() <= text.len() / 2 + 1);
    let listed: Vec<String> = children.iter().map(|pid| pid.as_raw_nonzero().to_string()).collect();
    assert!(processes::pids(&listed.join(" ")).eq(children));
    if let Some(inode) = node::told_inode(&text) {
        assert_eq!(node::told_inode(&format!("pos:\t0\nino:\t{inode}\n")), Some(inode));
    }
}
