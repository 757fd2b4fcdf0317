//! Why a trial could not be carried out, in the user's words.
use std::io;
use std::net::IpAddr;
use std::process::ExitStatus;
use std::time::Duration;

/// What ends a trial without a result.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A target that is not on this machine's loopback.
    #[error(
        "{what} is at {address}, which is not this machine's loopback: a trial only loads servers on 127.0.0.1 or ::1"
    )]
    NotLoopback {
        /// The URL, or the listener.
        what: String,
        /// Its address.
        address: IpAddr,
    },
    /// A host name without an address.
    #[error("cannot find the address of {host}: {source}; give one, such as 127.0.0.1")]
    NoAddress {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Somebody else's server.
    #[error("something already listens on {0}: stop it first, or the load would go there")]
    Taken(crate::sockets::Address),
    /// `--slow-every` without a path to ask for.
    #[error("--slow-every needs --slow-path: which of your server's paths is slow cannot be guessed")]
    NoSlowPath,
    /// What kept-alive clients do, without any.
    #[error("--body and --pipeline are for kept-alive clients, which --clients new leaves out")]
    NoKeptAlive,
    /// More clients than descriptors.
    #[error(
        "{clients} kept-alive clients are more than the {files} connections that this process may open: lower --kept-alive or raise the limit of open files (ulimit -n)"
    )]
    TooManyClients {
        /// So many were asked for.
        clients: usize,
        /// So many can be.
        files: usize,
    },
    /// A command that cannot be executed.
    #[error("{column}: cannot start {program}: {source}")]
    CannotStart {
        /// The column.
        column: String,
        /// The first word of the command.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A server that ended too early.
    #[error("{column}: the server ended by itself {when} ({status}){output}")]
    Ended {
        /// The column.
        column: String,
        /// Before what.
        when: &'static str,
        /// Its status.
        status: ExitStatus,
        /// The end of its output.
        output: String,
    },
    /// A server that does not come up.
    #[error("{column}: no request was answered within {} s (--start-limit): {last}{output}", .waited.as_secs())]
    NotReady {
        /// The column.
        column: String,
        /// How long it was given.
        waited: Duration,
        /// What the last try met.
        last: String,
        /// The end of the server's output.
        output: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {file}: {source}")]
    CannotRead {
        /// Its path.
        file: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A result that cannot be written down.
    #[error("cannot write {file}: {source}")]
    CannotWrite {
        /// Its path.
        file: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A matrix that is not as it should be.
    #[error("{file}: {why}")]
    BadMatrix {
        /// Its path.
        file: String,
        /// What is wrong, and where.
        why: String,
    },
    /// `--row` with a name that is none.
    #[error("no server of the matrix is called {name}: its servers are {names}")]
    NoSuchRow {
        /// The name.
        name: String,
        /// The right ones.
        names: String,
    },
    /// A calibration without an answer.
    #[error("cannot measure what the server can do, for it answered none of the first requests: give --rate")]
    NoCapacity,
    /// A client program that does not do its work.
    #[error("the client program {program}: {why}")]
    Client {
        /// Its command.
        program: String,
        /// What is wrong with it.
        why: String,
    },
    /// SIGINT, SIGTERM or SIGHUP.
    #[error("interrupted; the server that was being tried has been ended")]
    Interrupted,
    /// The machine's own trouble.
    #[error("{doing}: {source}")]
    Machine {
        /// What failed.
        doing: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Trouble {
    /// Of a client program.
    pub fn client(program: &str, why: String) -> Self {
        Self::Client { program: program.to_owned(), why }
    }

    /// For `map_err` on what the machine refuses.
    pub fn machine(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Machine { doing, source }
    }
}
