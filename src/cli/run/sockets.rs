//! Which sockets, and how new connections are kept away from them.
use crate::cli::values;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Which sockets, and how new connections are kept away from them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sockets")]
pub struct SocketArgs {
    /// The server's ports; its listeners at others are left alone [default: all that it listens at]
    #[arg(long = "port", env = "LAMEDUCK_PORT", value_delimiter = ',')]
    #[arg(value_name = "PORT", value_parser = values::port, allow_hyphen_values = true)]
    pub ports: Vec<u16>,

    /// Ports of the server that neither hold the drain up nor are gated: its admin and metrics listeners [default: none]
    #[arg(long = "ignore-port", env = "LAMEDUCK_IGNORE_PORT", value_delimiter = ',')]
    #[arg(value_name = "PORT", value_parser = values::port, allow_hyphen_values = true)]
    pub ignored_ports: Vec<u16>,

    /// Unix sockets of the server that neither hold the drain up nor are gated, such as its control socket: PATH as the
    /// server binds it, all below PATH if that is a directory, or @NAME for an abstract one [default: none]
    #[arg(long = "ignore-path", env = "LAMEDUCK_IGNORE_PATH", value_delimiter = ',')]
    #[arg(value_name = "PATH", value_parser = values::socket_path)]
    pub ignored_paths: Vec<PathBuf>,

    /// Listen here and hand the socket to the server: LISTEN_FDS, from descriptor 3 on [default: the server listens
    /// itself]
    #[arg(long = "listen", env = "LAMEDUCK_LISTEN", value_delimiter = ',')]
    #[arg(value_name = "IP:PORT", value_parser = values::socket_address, allow_hyphen_values = true)]
    #[expect(clippy::doc_markdown, reason = "the help shows backticks")]
    pub listen: Vec<SocketAddr>,

    /// How lameduck comes to hold the server's listeners
    #[arg(long, env = "LAMEDUCK_CAPTURE", value_name = "HOW", value_enum, default_value = "auto")]
    pub capture: Capture,

    /// How new connections are kept away from the server while its queue empties
    #[arg(long, env = "LAMEDUCK_GATE", value_name = "HOW", value_enum, default_value = "auto")]
    pub gate: GateChoice,
}

/// How lameduck comes to hold a duplicate of the server's listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Capture {
    /// Those of --listen, and all others by getfd where it is permitted, else by bind where no_new_privs is set already
    #[expect(clippy::doc_markdown, reason = "the help shows backticks")]
    Auto,
    /// Those of --listen only
    Listen,
    /// By pidfd_getfd(2), when the drain begins
    #[expect(clippy::doc_markdown, reason = "the help shows backticks")]
    Getfd,
    /// By a seccomp filter that lets lameduck take part in each bind(2) of the server; sets no_new_privs, so that sudo and
    /// the like gain nothing below it
    #[expect(clippy::doc_markdown, reason = "the help shows backticks")]
    Bind,
    /// Not at all: no gate but by joining the server's own group (SO_REUSEPORT), and whoever is still queued when time is
    /// over is lost
    #[expect(clippy::doc_markdown, reason = "the help shows no backticks")]
    None,
}

/// How new connections are kept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GateChoice {
    /// Refuse in Kubernetes, where that is permitted and nothing is relayed; else divert
    Auto,
    /// They come to lameduck, which answers 503
    Divert,
    /// They are refused by a reset, by nftables in this network namespace: needs CAP_NET_ADMIN
    Refuse,
    /// Not at all: the queue may never be empty
    None,
}

impl SocketArgs {
    /// What cannot be meant together.
    ///
    /// # Errors
    /// The contradiction, and the way out of it.
    pub fn check(&self) -> Result<(), String> {
        if self.capture == Capture::Listen && self.listen.is_empty() {
            let missing =
                "--capture listen holds the sockets of --listen, and there is none: add --listen IP:PORT";
            return Err(missing.to_owned());
        }
        self.check_ignored()
    }

    /// Whether the server's listeners are to be duplicated at the stop, where that is permitted.
    #[must_use]
    pub fn want_getfd(&self) -> bool {
        match self.capture {
            Capture::Getfd => true,
            Capture::Auto => self.gate != GateChoice::None,
            Capture::Bind | Capture::Listen | Capture::None => false,
        }
    }

    fn check_ignored(&self) -> Result<(), String> {
        let ignored = |port: &u16| self.ignored_ports.contains(port);
        if let Some(port) = self.ports.iter().find(|port| ignored(port)) {
            return Err(format!(
                "--port {port} and --ignore-port {port} contradict each other: leave one of them out"
            ));
        }
        match self.listen.iter().find(|address| ignored(&address.port())) {
            Some(address) => Err(format!(
                "--listen {address} is to be drained, and --ignore-port {} to be left alone: leave one of them out",
                address.port()
            )),
            None => Ok(()),
        }
    }
}
