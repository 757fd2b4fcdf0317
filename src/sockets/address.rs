//! Where a listener is: an IP address and port, or a name of the unix family.
use serde::{Serialize, Serializer};
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a listener is. Its `Display` is the user's notation: `IP:PORT`, `unix:/PATH` as gunicorn and nginx write it,
/// `unix:@NAME` for an abstract name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// TCP, of either family.
    Tcp(SocketAddr),
    /// A unix stream socket.
    Unix(UnixName),
}

/// The name of a unix stream socket (unix(7)).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnixName {
    /// A path as the server gave it to bind(2): at most 108 bytes, and relative perhaps to the server's directory.
    Path(PathBuf),
    /// A name that is no path, without the zero byte that it begins with.
    Abstract(Vec<u8>),
}

impl Address {
    /// The address and port of a TCP listener.
    #[must_use]
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The port of a TCP listener.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.tcp().map(|address| address.port())
    }

    /// The name of a unix listener.
    #[must_use]
    pub fn unix(&self) -> Option<&UnixName> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(name) => Some(name),
        }
    }
}

impl UnixName {
    /// Its path; an abstract name has none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Abstract(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl From<UnixName> for Address {
    fn from(name: UnixName) -> Self {
        Self::Unix(name)
    }
}

impl From<OsString> for UnixName {
    fn from(path: OsString) -> Self {
        Self::Path(path.into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(UnixName::Path(path)) => write!(formatter, "unix:{}", path.display()),
            Self::Unix(UnixName::Abstract(name)) => {
                write!(formatter, "unix:@{}", String::from_utf8_lossy(name).replace('\0', "@"))
            }
        }
    }
}

/// As it is shown.
impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_its_users_write_it() {
        let shown = |address: Address| address.to_string();
        assert_eq!(shown(SocketAddr::from(([127, 0, 0, 1], 80)).into()), "127.0.0.1:80");
        assert_eq!(shown(UnixName::Path("/run/app.sock".into()).into()), "unix:/run/app.sock");
        assert_eq!(shown(UnixName::Abstract(b"app\0one".into()).into()), "unix:@app@one");
    }
}
