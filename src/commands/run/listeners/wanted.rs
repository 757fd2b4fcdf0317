//! Which of the server's listeners are drained, and which are left alone.
use crate::cli::SocketArgs;
use crate::sockets::{Address, UnixName};
use std::path::PathBuf;

/// What the user has named.
#[derive(Debug)]
pub struct Wanted {
    /// Of TCP only these; none: all.
    pub ports: Vec<u16>,
    ignored_ports: Vec<u16>,
    ignored_paths: Vec<PathBuf>,
}

impl Wanted {
    /// As the options say.
    #[must_use]
    pub fn new(options: &SocketArgs) -> Self {
        Self {
            ports: options.ports.clone(),
            ignored_ports: options.ignored_ports.clone(),
            ignored_paths: options.ignored_paths.clone(),
        }
    }

    /// Whether the one at this address is drained, where it is known to be the server's.
    #[must_use]
    pub fn has(&self, address: &Address) -> bool {
        let is_named = |port| self.ports.is_empty() || self.ports.contains(&port);
        address.port().is_none_or(is_named) && self.ignored_by(address).is_none()
    }

    /// The option by which the one at this address is left alone.
    #[must_use]
    pub fn ignored_by(&self, address: &Address) -> Option<&'static str> {
        match address {
            Address::Tcp(address) => self.ignored_ports.contains(&address.port()).then_some("--ignore-port"),
            Address::Unix(name) => {
                self.ignored_paths.iter().any(|path| covers(path, name)).then_some("--ignore-path")
            }
        }
    }
}

/// Whether a socket is the one at this path, or in this directory; `@NAME` is an abstract one.
fn covers(path: &PathBuf, name: &UnixName) -> bool {
    match name {
        UnixName::Path(name) => name.starts_with(path),
        UnixName::Abstract(_) => {
            Address::from(name.clone()).to_string() == format!("unix:{}", path.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_socket_or_all_in_a_directory() {
        let path = |path: &str| UnixName::Path(path.into());
        let is_covered = |by: &str, name: &UnixName| covers(&by.into(), name);
        for by in ["/run/app/ctl", "/run/app", "/run/app/", "/"] {
            assert!(is_covered(by, &path("/run/app/ctl")), "{by}");
        }
        for by in ["/run/app/ct", "/run/ap", "run/app/ctl", "ctl", "@/run/app/ctl"] {
            assert!(!is_covered(by, &path("/run/app/ctl")), "{by}");
        }
        assert!(is_covered("ctl", &path("ctl")), "as the server gave it to bind(2)");
    }

    #[test]
    fn an_abstract_name_begins_with_an_at_sign() {
        let name = UnixName::Abstract(b"app\0ctl".to_vec());
        assert!(covers(&"@app@ctl".into(), &name));
        for by in ["@app", "app@ctl", "/", "@"] {
            assert!(!covers(&by.into(), &name), "{by}");
        }
    }
}
