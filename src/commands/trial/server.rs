//! One server process, from its start to its end.
use super::columns::Column;
use super::output::Output;
use super::processes;
use super::trouble::Trouble;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use tokio::signal::unix::{SignalKind, signal};

/// Where and with what a server is started; by default as the trial itself was.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Its working directory.
    pub directory: Option<PathBuf>,
    /// Variables beside those of the trial.
    pub environment: BTreeMap<String, String>,
}

impl Surroundings {
    /// A command, of its words, that is started so.
    pub fn command(&self, words: &[OsString]) -> Command {
        let mut command = Command::new(words.first().map_or(OsStr::new(""), OsString::as_os_str));
        command.args(words.iter().skip(1)).envs(&self.environment);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }
}

/// A server under trial. Dropping it kills it and everything below this process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Told of every SIGCHLD.
    children: tokio::signal::unix::Signal,
    /// None when it is passed on.
    output: Option<Output>,
}

impl Server {
    /// Starts the command of `column`, in a process group of its own: a server that signals its group must not hit the
    /// trial. Its output goes to an unnamed temporary file, or when `verbose` to our stderr.
    ///
    /// # Errors
    /// When it cannot be executed.
    pub fn start(column: &Column, surroundings: &Surroundings, verbose: bool) -> Result<Self, Trouble> {
        // Before the spawn, or a server that ends at once is not noticed.
        let children = signal(SignalKind::child()).map_err(Trouble::machine("cannot wait for signals"))?;
        let output = if verbose { None } else { Some(Output::to_a_file()?) };
        let sink = || match &output {
            Some(output) => output.sink(),
            None => io::stderr()
                .as_fd()
                .try_clone_to_owned()
                .map(Stdio::from)
                .map_err(Trouble::machine("cannot pass a descriptor on to the server")),
        };
        let child = surroundings
            .command(&column.command)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(sink()?)
            .stderr(sink()?)
            .spawn()
            .map_err(|source| Trouble::CannotStart {
                column: column.name.clone(),
                program: column.command[0].display().to_string(),
                source,
            })?;
        Ok(Self { child, children, output })
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the kernel does not say how it ended.
    pub async fn exited(&mut self) -> Result<ExitStatus, Trouble> {
        loop {
            if let Some(status) = self.has_exited()? {
                return Ok(status);
            }
            self.children.recv().await;
        }
    }

    /// Its status, when it has ended.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn has_exited(&mut self) -> Result<Option<ExitStatus>, Trouble> {
        self.child.try_wait().map_err(Trouble::machine("cannot wait for the server's process"))
    }

    /// Sends it a signal; one that has just ended gets none.
    ///
    /// # Errors
    /// When the kernel refuses: a server that has become another user's.
    pub fn signal(&self, signal: Signal) -> Result<(), Trouble> {
        // Not reaped before `exited`, so the number is still its own.
        kill(Pid::from_raw(self.pid()), signal)
            .map_err(|errno| Trouble::machine("cannot send the server the stop signal")(errno.into()))
    }

    /// The last lines that it wrote, each on a line of its own; empty when there are none.
    pub fn tail(&self) -> String {
        self.output.as_ref().map_or_else(String::new, Output::tail)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Reap it through its own handle first, or `end_all` takes its status away.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Err(error) = processes::end_all() {
            eprintln!("lameduck: {error}");
        }
    }
}
