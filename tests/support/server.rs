//! A real server as a process, plainly or under an init, that is gone when the test is over.
//!
//! ```ignore
//! let mut server = Server::gunicorn("sync", &["--workers", "1"]).under_lameduck(&[]).start();
//! assert_eq!(server.get("/"), "ok");
//! server.signal(libc::SIGTERM);
//! assert_eq!(server.wait(PATIENCE).code(), Some(0));
//! ```
use super::process::{self, Mark};
use super::{PATIENCE, python, wait_for};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The user and group `nobody`, who owns nothing.
const NOBODY: &str = "65534";

/// A server that is to be started.
#[derive(Debug, Clone)]
pub struct Builder {
    port: u16,
    wrapper: Vec<OsString>,
    command: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    unprivileged: bool,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Child,
    port: u16,
    log: PathBuf,
    mark: Mark,
}

impl Server {
    /// gunicorn with `tests/servers/app.py` on a free port of the loopback interface.
    pub fn gunicorn(worker_class: &str, args: &[&str]) -> Builder {
        let port = free_port();
        let bind = format!("127.0.0.1:{port}");
        let program = python::program("gunicorn");
        let fixed = ["--chdir", python::SERVERS, "--bind", &bind, "--worker-class", worker_class];
        Builder::new(port, program, fixed.iter().chain(args).chain(&["app:application"]))
    }

    /// gunicorn with `tests/servers/app.py` on a socket that lameduck binds and hands over (`--listen`).
    pub fn gunicorn_given_its_socket(worker_class: &str, args: &[&str], options: &[&str]) -> Builder {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let fixed = ["--chdir", python::SERVERS, "--worker-class", worker_class];
        let args = fixed.iter().chain(args).chain(&["app:application"]);
        Builder::new(port, python::program("gunicorn"), args)
            .under_lameduck(&[&["--listen", &listen], options].concat())
    }

    /// The process that was started: lameduck, the other init, or the server itself.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// All processes that it consists of, its init included.
    pub fn processes(&self) -> Vec<u32> {
        self.mark.processes()
    }

    /// What it and its init wrote so far, stdout and stderr in one.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
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
        let mut connection = TcpStream::connect_timeout(&self.address(), PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Builder {
    /// Any server that answers HTTP on `port` of the loopback interface, started plainly.
    pub fn new<A: AsRef<str>>(
        port: u16,
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = vec![program.as_ref().into()];
        command.extend(args.into_iter().map(|argument| argument.as_ref().into()));
        Self { port, wrapper: Vec::new(), command, environment: Vec::new(), unprivileged: false }
    }

    /// Starts it under `lameduck run OPTIONS --`.
    pub fn under_lameduck(self, options: &[&str]) -> Self {
        self.under(&[&[env!("CARGO_BIN_EXE_lameduck"), "run"], options, &["--"]].concat())
    }

    /// Starts it under another program, such as `tini --` or `dumb-init`.
    pub fn under(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(OsString::from).collect();
        self
    }

    /// Starts it, and what it runs under, without any privilege: as `nobody` when the test is root's, else as
    /// it is.
    pub fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it does not within [`PATIENCE`]; when `nobody` cannot run it, because a directory on the way is
    /// closed.
    pub fn start(self) -> Server {
        let mark = Mark::new();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("server-{}.log", mark.value()));
        let output = File::create(&log).expect("a log file under target/");

        let argv: Vec<OsString> =
            self.privileges().into_iter().chain(self.wrapper).chain(self.command).collect();
        let process = Command::new(&argv[0])
            .args(&argv[1..])
            .envs(self.environment)
            .env(Mark::NAME, mark.value())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a duplicate"))
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", argv[0].display()));

        let mut server = Server { process, port: self.port, log, mark };
        wait_for("an answer of the server", || {
            if let Some(status) = server.process.try_wait().expect("our own child") {
                panic!("the server ended before it answered: {status}");
            }
            server.try_get("/pid").ok().filter(|answer| answer.starts_with("HTTP/1."))
        });
        server
    }

    fn privileges(&self) -> Vec<OsString> {
        if !self.unprivileged || !rustix::process::geteuid().is_root() {
            return Vec::new();
        }
        if let Err(reason) = python::usable_by_others() {
            panic!("nobody cannot run the server: {reason}");
        }
        let words = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs"];
        words.iter().chain(&["--bounding-set", "-all"]).map(OsString::from).collect()
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

/// A port that nobody listened on a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
