//! How a server is started: plainly, under lameduck or another init, with or without privileges.
use super::super::process::{self, Mark};
use super::super::{python, wait_for};
use super::Server;
use lameduck::sockets::Address;
use std::ffi::OsString;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The user and group `nobody`, who owns nothing.
const NOBODY: &str = "65534";
/// Limits of lameduck that a test does not choose: on a busy machine a server may take longer to stop than by default it
/// is given, and would be killed.
pub const GENEROUS: [(&str, &str); 2] = [("LAMEDUCK_TIMEOUT", "50s"), ("LAMEDUCK_KILL_AFTER", "60s")];

/// A server that is to be started.
#[derive(Debug, Clone)]
pub struct Builder {
    at: Address,
    wrapper: Vec<OsString>,
    command: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    unprivileged: bool,
    /// How many workers of gunicorn must have booted.
    workers: usize,
}

impl Builder {
    /// Any server that answers HTTP on `port` of the loopback interface, started plainly.
    pub fn new<A: AsRef<str>>(
        port: u16,
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into(), program, args)
    }

    /// Any server that answers HTTP there, started plainly.
    pub fn at<A: AsRef<str>>(
        at: Address,
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = vec![program.as_ref().into()];
        command.extend(args.into_iter().map(|argument| argument.as_ref().into()));
        Self { at, wrapper: Vec::new(), command, environment: Vec::new(), unprivileged: false, workers: 0 }
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

    /// Takes back what was set.
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// With its own class of workers, gunicorn is started when all of the workers have booted, as many as its
    /// `--workers` say.
    pub fn booted(mut self) -> Self {
        let mut words = self.command.iter().skip_while(|word| *word != "--workers").skip(1);
        self.workers = words.next().and_then(|count| count.to_str()?.parse().ok()).unwrap_or(1);
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it does not within [`PATIENCE`]; when `nobody` cannot run it, because a directory on the way is
    /// closed.
    pub fn start(self) -> Server {
        self.start_when(|server| server.try_get("/pid").is_ok_and(|answer| answer.starts_with("HTTP/1.")))
    }

    /// Starts it and waits until it is ready, for one that does not answer HTTP/1.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_when(self, is_ready: impl Fn(&Server) -> bool) -> Server {
        let mark = Mark::new();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("server-{}.log", mark.value()));
        // Others may write to it, too: a hook.
        let output = File::options().create(true).append(true).open(&log).expect("a log file under target/");

        let argv: Vec<OsString> =
            self.privileges().into_iter().chain(self.wrapper).chain(self.command).collect();
        let started = Command::new(&argv[0])
            .args(&argv[1..])
            .envs(GENEROUS)
            .envs(self.environment)
            .env(Mark::NAME, mark.value())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a duplicate"))
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", argv[0].display()));

        let mut server = Server { process: started, at: self.at, log, mark };
        wait_for("an answer of the server", || {
            if let Some(status) = server.process.try_wait().expect("our own child") {
                panic!("the server ended before it answered: {status}");
            }
            is_ready(&server).then_some(())
        });
        wait_for("gunicorn's workers", || {
            let booted = server.processes().into_iter().filter(|pid| process::has_booted(*pid));
            (booted.count() >= self.workers).then_some(())
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
