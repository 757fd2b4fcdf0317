//! A container as a runtime starts one for Kubernetes: runc or crun, a root file system of its own that is read-only, masked
//! paths, and whatever user, capabilities and seccomp profile. Its network is that of the test's thread.
//!
//! | file | subject |
//! |---|---|
//! | `confinement` | who runs in it, and what he may do |
//! | `bundle` | the same in the words of the OCI runtime specification |
//! | `root` | root file systems from scratch |
//! | `runtime` | runc and crun, by root and by a plain user |
mod bundle;
pub mod confinement;
pub mod root;
pub mod runtime;

use super::server::Builder;
use super::{finish, process, wait_for};
use confinement::Confinement;
use runtime::Runtime;
use rustix::fs::{Gid, Uid, chown};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the program under test is, inside.
pub const LAMEDUCK: &str = "/lameduck";

/// A bundle, and the container that is made of it; gone when the test is over.
#[derive(Debug)]
pub struct Container {
    runtime: Runtime,
    confinement: Confinement,
    bundle: PathBuf,
    name: String,
}

impl Container {
    /// One in which the program under test is run with these words.
    ///
    /// # Panics
    /// When its bundle cannot be written.
    pub fn new(
        runtime: Runtime,
        confinement: Confinement,
        root: &Path,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        Self::plain(runtime, confinement, root, &[&[LAMEDUCK], words].concat(), environment)
    }

    /// One that runs any command.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn plain(
        runtime: Runtime,
        confinement: Confinement,
        root: &Path,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lameduck-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        let made = Self { runtime, confinement, bundle, name };
        fs::create_dir_all(made.state()).expect("a directory under target/");
        // As the kubelet's: whoever runs in the container may write to it.
        fs::write(made.message(), "").expect("a file under target/");
        fs::set_permissions(made.message(), Permissions::from_mode(0o666)).expect("our own file");
        let owner = runtime::owner(confinement.rootless);
        chown(made.state(), Some(Uid::from_raw(owner)), Some(Gid::from_raw(owner)))
            .expect("our own directory");
        let config = bundle::config(confinement, root, words, environment, &made.message());
        fs::write(made.bundle.join("config.json"), config.to_string()).expect("a file under target/");
        made
    }

    /// What starts it, and ends with it: a server on this port.
    pub fn server(&self, port: u16) -> Builder {
        let words = self.words("run", &["--bundle", &self.bundle.to_string_lossy()]);
        Builder::new(port, &words[0], &words[1..])
    }

    /// Runs it to its end.
    pub fn run(&self) -> Output {
        let words = self.words("run", &["--bundle", &self.bundle.to_string_lossy()]);
        finish(Command::new(&words[0]).args(&words[1..]))
    }

    /// Has the runtime send a signal to its process 1, as the kubelet's stop does.
    ///
    /// # Panics
    /// When the runtime cannot.
    pub fn signal(&self, name: &str) {
        let mut words = self.words("kill", &[]);
        words.push(name.to_owned());
        let output = finish(Command::new(&words[0]).args(&words[1..]));
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// All who are in it, as the machine numbers them: none when it has ended.
    ///
    /// # Panics
    /// When the runtime has started none.
    pub fn inhabitants(&self) -> Inhabitants {
        let words = self.words("state", &[]);
        let first = wait_for("a process 1", || {
            let output = finish(Command::new(&words[0]).args(&words[1..]));
            let state: Value = serde_json::from_slice(&output.stdout).ok()?;
            // 0: it is being made.
            state["pid"].as_u64().filter(|pid| *pid > 0)
        });
        let namespace = u32::try_from(first).ok().and_then(pid_namespace).expect("its namespace");
        Inhabitants(namespace)
    }

    /// What was left in the termination log: a line, and the report.
    ///
    /// # Panics
    /// When there is none.
    pub fn report(&self) -> Value {
        let message = fs::read_to_string(self.message()).expect("our own file");
        let (_, report) = message.split_once('\n').unwrap_or_else(|| panic!("no report: {message:?}"));
        serde_json::from_str(report).unwrap_or_else(|error| panic!("{error}: {message}"))
    }

    /// The runtime's own files, its user's.
    fn state(&self) -> PathBuf {
        self.bundle.join("state")
    }

    fn message(&self) -> PathBuf {
        self.bundle.join("termination-log")
    }

    /// The runtime's verb with these options, about this container.
    fn words(&self, verb: &str, options: &[&str]) -> Vec<String> {
        let mut words = self.runtime.words(&self.state(), self.confinement.rootless);
        words.extend([verb].iter().chain(options).map(|word| (*word).to_owned()));
        words.push(self.name.clone());
        words
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // It says that there is none when it has ended by itself.
        let words = self.words("delete", &["--force"]);
        let _ = Command::new(&words[0]).args(&words[1..]).output();
        // Nothing is mounted in it but in the container's own namespace.
        let _ = fs::remove_dir_all(&self.bundle);
    }
}

/// The processes of a PID namespace.
#[derive(Debug)]
pub struct Inhabitants(PathBuf);

impl Inhabitants {
    /// Those that are there now.
    pub fn now(&self) -> Vec<u32> {
        process::all().filter(|pid| pid_namespace(*pid).is_some_and(|its| its == self.0)).collect()
    }
}

fn pid_namespace(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}
