//! The fallback: /proc/net/unix, where unix_diag is refused. It shows who listens, and nothing of queues.
use crate::sockets::address::UnixName;
use crate::sockets::listener::Listener;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;

/// `__SO_ACCEPTCON` of linux/net.h, in the column of flags: it listens.
const LISTENING: u32 = 1 << 16;
/// `SOCK_STREAM`, in the column of types.
const STREAM: u32 = 1;

/// Every listening unix stream socket of the network namespace that has a name, without its holders.
///
/// # Errors
/// When the file cannot be read.
pub fn listeners() -> io::Result<Vec<Listener>> {
    let text = fs::read("/proc/self/net/unix")?;
    Ok(text.split(|byte| *byte == b'\n').filter_map(listener).collect())
}

/// Reads `Num RefCount Protocol Flags Type St Inode Path`, the numbers but the inode in hexadecimal
/// (unix_seq_show() in net/unix/af_unix.c). In an abstract name every zero byte is shown as `@`, the first too.
fn listener(line: &[u8]) -> Option<Listener> {
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
    let (kind, _state, inode) = (word()?, word()?, word()?);
    if hexadecimal(flags)? & LISTENING == 0 || hexadecimal(kind)? != STREAM {
        return None;
    }
    let name = match rest.strip_prefix(b" ")? {
        [b'@', name @ ..] => UnixName::Abstract(name.to_vec()),
        path => OsString::from_vec(path.to_vec()).into(),
    };
    Some(Listener::unix(name, inode.parse().ok()?, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<String> {
        listener(line.as_bytes()).map(|found| format!("{} {}", found.address, found.inode))
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
