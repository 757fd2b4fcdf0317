//! Where a server of a matrix listens in one run: a port or a unix path that no other run has, so that none meets what an
//! earlier one has left in the kernel or the file system.
use super::super::trouble::Trouble;
use super::file::Server;
use crate::sockets::free_port::free_port;
use crate::sockets::{Address, UnixName};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use tempfile::TempDir;

/// What stands for the port.
pub const PORT: &str = "{port}";
/// What stands for the unix path.
pub const SOCKET: &str = "{socket}";

/// A place of its own.
#[derive(Debug)]
pub enum Place {
    /// A port of 127.0.0.1.
    Port(u16),
    /// A path, in a directory of its own that is removed, with what is left in it, when the run is over.
    Path(PathBuf, #[allow(dead_code, reason = "held for its Drop")] TempDir),
}

impl Place {
    /// One where nobody listens, and that nobody else is given.
    ///
    /// # Errors
    /// When there is no port free, or no directory can be made.
    pub fn free(server: &Server) -> Result<Self, Trouble> {
        if server.mentions(SOCKET) {
            let home = tempfile::Builder::new().prefix("lameduck-trial-").tempdir();
            let home = home.map_err(Trouble::machine("cannot make a temporary directory for a socket"))?;
            return Ok(Self::Path(home.path().join("server.sock"), home));
        }
        Ok(Self::Port(free_port().map_err(Trouble::machine("cannot find a free port"))?))
    }

    /// As clients connect to it.
    pub fn address(&self) -> Address {
        match self {
            Self::Port(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, *port)).into(),
            Self::Path(path, _) => UnixName::Path(path.clone()).into(),
        }
    }

    /// `text`, with the place in it where it stands for it.
    pub fn filled_in(&self, text: &str) -> String {
        match self {
            Self::Port(port) => text.replace(PORT, &port.to_string()),
            Self::Path(path, _) => text.replace(SOCKET, &path.to_string_lossy()),
        }
    }

    /// The words of a command, with the place in them.
    pub fn in_words(&self, words: &[String]) -> Vec<OsString> {
        words.iter().map(|word| self.filled_in(word).into()).collect()
    }
}
