//! The fallback: /proc/net/unix, where unix_diag is refused. It shows who listens and who is accepted, and nothing of
//! queues.
use crate::sockets::address::UnixName;
use crate::sockets::listener::Listener;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;

/// `__SO_ACCEPTCON` of linux/net.h, in the column of flags: it listens.
const LISTENING: u32 = 1 << 16;
/// `SS_CONNECTED` of linux/net.h, in the column of states.
const CONNECTED: u32 = 3;
/// `SOCK_STREAM`, in the column of types.
const STREAM: u32 = 1;

/// Every listening unix stream socket of the network namespace that has a name, without its holders.
///
/// # Errors
/// When the file cannot be read.
pub fn listeners() -> io::Result<Vec<Listener>> {
    Ok(rows()?
        .into_iter()
        .filter(Row::listens)
        .map(|row| Listener::unix(row.name, row.inode, None))
        .collect())
}

/// Whether anybody is accepted from a listener of one of these names: whoever is has its name.
///
/// # Errors
/// When the file cannot be read.
pub fn anybody_at(names: &HashSet<&UnixName>) -> io::Result<bool> {
    Ok(rows()?.iter().any(|row| row.is_accepted() && names.contains(&row.name)))
}

/// A stream socket that has a name.
pub(in crate::sockets) struct Row {
    flags: u32,
    state: u32,
    pub inode: u64,
    pub name: UnixName,
}

impl Row {
    pub fn listens(&self) -> bool {
        self.flags & LISTENING != 0
    }

    pub fn is_accepted(&self) -> bool {
        self.state == CONNECTED && self.inode != 0
    }
}

fn rows() -> io::Result<Vec<Row>> {
    let text = fs::read("/proc/self/net/unix")?;
    Ok(text.split(|byte| *byte == b'\n').filter_map(row).collect())
}

/// Reads `Num RefCount Protocol Flags Type St Inode Path`, the numbers but the inode in hexadecimal
/// (unix_seq_show() in net/unix/af_unix.c). In an abstract name every zero byte is shown as `@`, the first too.
pub(in crate::sockets) fn row(line: &[u8]) -> Option<Row> {
    let mut rest = line;
    let mut word = || {
        let start = rest.iter().position(|byte| *byte != b' ')?;
        let end = rest[start..].iter().position(|byte| *byte == b' ').map_or(rest.len(), |end| start + end);
        let word = std::str::from_utf8(&rest[start..end]).ok()?;
        rest = &rest[end..];
        Some(word)
    };
    let hexadecimal = |word: &str| u32::from_str_radix(word, 16).ok();
    let flags = (word()?, word()?, word()?, word()?).3;
    let (kind, state, inode) = (word()?, word()?, word()?);
    if hexadecimal(kind)? != STREAM {
        return None;
    }
    let name = match rest.strip_prefix(b" ")? {
        [b'@', name @ ..] => UnixName::Abstract(name.to_vec()),
        path => OsString::from_vec(path.to_vec()).into(),
    };
    Some(Row { flags: hexadecimal(flags)?, state: hexadecimal(state)?, inode: inode.parse().ok()?, name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sockets::Address;
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn who_is_accepted_is_seen_at_the_listener_s_name_and_who_is_queued_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("socket");
        let server = UnixListener::bind(&path).unwrap();
        let name = UnixName::Path(path.clone());
        let anybody = || anybody_at(&HashSet::from([&name])).unwrap();
        let _client = UnixStream::connect(&path).unwrap();
        assert!(!anybody());
        let accepted = server.accept().unwrap();
        assert!(anybody());
        drop(accepted);
        assert!(!anybody());
    }

    fn read(line: &str) -> Option<String> {
        let listener = row(line.as_bytes()).filter(Row::listens)?;
        Some(format!("{} {}", Address::Unix(listener.name), listener.inode))
    }

    #[test]
    fn a_listening_stream_socket_with_a_name_is_read() {
        let listening = "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/my app.sock";
        assert_eq!(read(listening).as_deref(), Some("unix:/run/my app.sock 12345"));
        let abstract_name = "0000000000000000: 00000002 00000000 00010000 0001 01   345 @app";
        assert_eq!(read(abstract_name).as_deref(), Some("unix:@app 345"));
    }

    #[test]
    fn all_others_are_left_out() {
        for line in [
            "Num       RefCount Protocol Flags    Type St Inode Path",
            "0000000000000000: 00000003 00000000 00000000 0001 03 12345 /run/app.sock",
            "0000000000000000: 00000002 00000000 00010000 0005 01 12345 /run/app.sock",
            "0000000000000000: 00000002 00000000 00010000 0001 01 12345",
            "",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
