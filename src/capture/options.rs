//! What a listener is besides its address: the options that were set before its bind(2). Nobody can read them off
//! another process's socket, so they are recorded as they are set, and set again on the socket that takes its place.
//!
//! An announced call takes 14 µs or more in place of 1 (docs/measurements.md). So what servers set on every connection
//! is not announced, but set in any case (`always()`).
use super::announced::{NOT_REPEATABLE, PRIVILEGED};
use crate::sockets::sys::set_option;
use rustix::net::sockopt::{set_socket_keepalive, set_tcp_nodelay};
use std::collections::VecDeque;
use std::ffi::c_int;
use std::os::fd::OwnedFd;

/// The longest value that is recorded, bytes: two keys of TCP_FASTOPEN_KEY have 32 (linux/tcp.h).
pub const LONGEST: usize = 64;

/// So many sockets are remembered at most. A server that sets such an option on each of its connections makes more, and
/// the oldest are forgotten.
const SOCKETS: usize = 1024;

/// An option as it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// SOL_SOCKET, IPPROTO_TCP, ...
    pub level: c_int,
    /// The option's number at its level.
    pub name: c_int,
    /// Its value; `None`: too long to be recorded.
    pub value: Option<Vec<u8>>,
}

/// What was set on sockets that are not bound yet, by inode.
#[derive(Debug, Default)]
pub struct Options(VecDeque<(u64, Vec<Setting>)>);

impl Options {
    /// Remembers that it was set.
    pub fn record(&mut self, inode: u64, setting: Setting) {
        if let Some((_, settings)) = self.0.iter_mut().find(|(known, _)| *known == inode) {
            // The last value counts, in the last one's place: of SO_SNDBUF and SO_SNDBUFFORCE the later wins.
            settings.retain(|known| (known.level, known.name) != (setting.level, setting.name));
            settings.push(setting);
            return;
        }
        if self.0.len() >= SOCKETS {
            self.0.pop_front();
        }
        self.0.push_back((inode, vec![setting]));
    }

    /// What was set on this socket, in its order.
    #[must_use]
    pub fn of(&self, inode: u64) -> &[Setting] {
        self.0.iter().find(|(known, _)| *known == inode).map_or(&[], |(_, settings)| settings)
    }

    /// Nobody will ask for this socket again.
    pub fn forget(&mut self, inode: u64) {
        self.0.retain(|(known, _)| *known != inode);
    }
}

/// Whether these can be set again by us with the same result, where the server has our own capabilities or not.
#[must_use]
pub fn can_be_repeated(settings: &[Setting], same_capabilities: bool) -> bool {
    settings.iter().all(|setting| {
        let is_among = |options: &[(c_int, c_int)]| options.contains(&(setting.level, setting.name));
        setting.value.is_some() && !is_among(NOT_REPEATABLE) && (same_capabilities || !is_among(PRIVILEGED))
    })
}

/// Sets them again. What the kernel refused the server it refuses us.
pub fn repeat(settings: &[Setting], socket: &OwnedFd) {
    always(socket);
    for setting in settings {
        let Some(value) = &setting.value else { continue };
        if let Err(error) = set_option(socket, setting.level, setting.name, value) {
            tracing::debug!(%error, level = setting.level, name = setting.name, "a socket option is refused");
        }
    }
}

/// Not announced, because servers set them on each of their connections, which inherit them from the listener:
/// TCP_NODELAY, without which gunicorn's answers waited 40 ms, and SO_KEEPALIVE, whose first probe goes out after two
/// hours of silence.
fn always(socket: &OwnedFd) {
    // Neither is ever refused to a TCP socket.
    let _ = set_tcp_nodelay(socket, true);
    let _ = set_socket_keepalive(socket, true);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: c_int, value: &[u8]) -> Setting {
        Setting { level: libc::SOL_SOCKET, name, value: Some(value.to_vec()) }
    }

    #[test]
    fn the_last_value_counts_and_a_socket_is_forgotten_once_it_is_bound() {
        let mut options = Options::default();
        options.record(7, setting(libc::SO_SNDBUF, b"1"));
        options.record(7, setting(libc::SO_RCVBUF, b"2"));
        options.record(7, setting(libc::SO_SNDBUF, b"3"));
        options.record(8, setting(libc::SO_SNDBUF, b"4"));
        assert_eq!(options.of(7), [setting(libc::SO_RCVBUF, b"2"), setting(libc::SO_SNDBUF, b"3")]);
        options.forget(7);
        assert_eq!((options.of(7).len(), options.of(8).len()), (0, 1));
    }

    #[test]
    fn of_a_server_that_sets_options_on_its_connections_the_latest_are_remembered() {
        let mut options = Options::default();
        (0..5000).for_each(|inode| options.record(inode, setting(libc::SO_LINGER, b"")));
        assert_eq!(options.0.len(), SOCKETS);
        assert_eq!(options.of(4999).len(), 1);
        assert_eq!(options.of(0), []);
    }

    #[test]
    fn what_points_elsewhere_or_needs_another_privilege_is_not_set_again() {
        assert!(can_be_repeated(&[setting(libc::SO_REUSEPORT, b"1")], false));
        assert!(!can_be_repeated(&[setting(libc::SO_ATTACH_FILTER, b"1")], true));
        assert!(can_be_repeated(&[setting(libc::SO_MARK, b"1")], true));
        assert!(!can_be_repeated(&[setting(libc::SO_MARK, b"1")], false));
        let too_long = Setting { value: None, ..setting(libc::SO_REUSEPORT, b"") };
        assert!(!can_be_repeated(&[too_long], true));
    }
}
