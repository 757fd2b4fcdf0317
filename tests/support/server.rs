//! A real server as a process, plainly or under an init, that is gone when the test is over.
//!
//! ```ignore
//! let mut server = Server::gunicorn("sync", &["--workers", "1"]).under_lameduck(&[]).start();
//! assert_eq!(server.get("/"), "ok");
//! server.signal(libc::SIGTERM);
//! assert_eq!(server.wait(PATIENCE).code(), Some(0));
//! ```
pub mod builder;

pub use builder::Builder;

use super::ports::free_port;
use super::process::{self, Mark};
use super::{PATIENCE, python};
use lameduck::sockets::{Address, UnixName};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::{self, net::UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Child,
    at: Address,
    log: PathBuf,
    mark: Mark,
}

impl Server {
    /// gunicorn with `tests/servers/app.py` on a free port of the loopback interface.
    pub fn gunicorn(worker_class: &str, args: &[&str]) -> Builder {
        let port = free_port();
        let bind = format!("127.0.0.1:{port}");
        let program = python::program("gunicorn");
        let class = ["--no-control-socket", "--worker-class", worker_class];
        let place = ["--chdir", python::SERVERS, "--bind", &bind];
        Builder::new(port, program, class.iter().chain(&place).chain(args).chain(&["app:application"]))
            .booted()
    }

    /// gunicorn with `tests/servers/app.py` on a unix socket, in a directory that its user may write to.
    pub fn gunicorn_at(path: &Path, worker_class: &str, args: &[&str]) -> Builder {
        let bind = format!("unix:{}", path.display());
        // Its control socket has one path for all gunicorns of a user.
        let class = ["--no-control-socket", "--worker-class", worker_class];
        let place = ["--chdir", python::SERVERS, "--bind", &bind];
        let args = class.iter().chain(&place).chain(args).chain(&["app:application"]);
        Builder::at(UnixName::Path(path.into()).into(), python::program("gunicorn"), args).booted()
    }

    /// gunicorn with `tests/servers/app.py` on a socket that lameduck binds and hands over (`--listen`).
    pub fn gunicorn_given_its_socket(worker_class: &str, args: &[&str], options: &[&str]) -> Builder {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let fixed = ["--no-control-socket", "--chdir", python::SERVERS, "--worker-class", worker_class];
        let args = fixed.iter().chain(args).chain(&["app:application"]);
        Builder::new(port, python::program("gunicorn"), args)
            .booted()
            .under_lameduck(&[&["--listen", &listen], options].concat())
    }

    /// The process that was started: lameduck, the other init, or the server itself.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Where it listens, by TCP.
    pub fn address(&self) -> SocketAddr {
        self.at.tcp().expect("a server that listens by TCP")
    }

    /// Where it listens.
    pub fn target(&self) -> Address {
        self.at.clone()
    }

    /// All processes that it consists of, its init included.
    pub fn processes(&self) -> Vec<u32> {
        self.mark.processes()
    }

    /// What it and its init wrote so far, stdout and stderr in one.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The file of that. It stays when the server is gone.
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// Sends a signal to [`Self::pid`].
    pub fn signal(&self, number: i32) {
        process::kill(self.pid(), number);
    }

    /// The body of the answer to one request on a connection of its own.
    ///
    /// # Panics
    /// When there is none, or it is not a 200.
    pub fn get(&self, path: &str) -> String {
        let answer = self.try_get(path).unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP answer: {answer:?}"));
        assert!(head.starts_with("HTTP/1.1 200 "), "GET {path}: {head}");
        body.to_owned()
    }

    /// The end of [`Self::pid`], if it has come.
    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("our own child")
    }

    /// Waits for the end of [`Self::pid`].
    ///
    /// # Panics
    /// When it does not end within `bound`.
    pub fn wait(&mut self, bound: Duration) -> ExitStatus {
        let end = Instant::now() + bound;
        loop {
            if let Some(status) = self.try_wait() {
                return status;
            }
            assert!(Instant::now() < end, "the server has not ended within {bound:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn try_get(&self, path: &str) -> io::Result<String> {
        match &self.at {
            Address::Tcp(address) => {
                let connection = TcpStream::connect_timeout(address, PATIENCE)?;
                connection.set_read_timeout(Some(PATIENCE))?;
                ask(connection, path)
            }
            Address::Unix(name) => {
                let address = match name {
                    UnixName::Path(path) => unix::net::SocketAddr::from_pathname(path)?,
                    UnixName::Abstract(name) => unix::net::SocketAddr::from_abstract_name(name)?,
                };
                let connection = UnixStream::connect_addr(&address)?;
                connection.set_read_timeout(Some(PATIENCE))?;
                ask(connection, path)
            }
        }
    }
}

// Its mark ends what is left of it.
impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- what the server said ({}) ---\n{}---", self.log.display(), self.log());
        }
    }
}

fn ask(mut connection: impl Read + Write, path: &str) -> io::Result<String> {
    write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}
