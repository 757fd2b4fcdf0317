//! A program that is the clients of a trial, for servers whose protocol the load engine does not speak.
use super::output::Output;
use super::server::Surroundings;
use super::trouble::Trouble;
use crate::load::{NotUnderstood, Outcome, Told, UnderWay};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tokio::net::unix::pipe::Receiver;
use tokio::time::sleep;

/// How long it may take until it begins its first connection, and how often that is looked for.
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(5);

/// A client program at work. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    output: Output,
    load: Option<UnderWay>,
    not_understood: NotUnderstood,
}

impl Program {
    /// Starts it, and waits until it has begun its first connection. Its end is told by the end of its stdin.
    ///
    /// # Errors
    /// When it cannot be executed, or begins nothing within 30 s.
    pub async fn start(command: &[OsString], surroundings: &Surroundings) -> Result<Self, Trouble> {
        let machine = "cannot pass a descriptor on to the client program";
        let name = command.join(OsString::from(" ").as_os_str()).to_string_lossy().into_owned();
        let output = Output::to_a_file()?;
        let mut child = surroundings
            .command(command)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(output.sink()?)
            .spawn()
            .map_err(|error| Trouble::client(&name, format!("cannot be started: {error}")))?;
        let lines = child.stdout.take().map(|stdout| Receiver::from_owned_fd(OwnedFd::from(stdout)));
        let lines = lines.transpose().map_err(Trouble::machine(machine))?;
        let mut program = Self { name, child, output, load: None, not_understood: NotUnderstood::default() };
        if let (Some(lines), Some(stdin)) = (lines, program.child.stdin.take()) {
            let (load, not_understood) = Told::start(lines, stdin);
            (program.load, program.not_understood) = (Some(load), not_understood);
        }
        program.has_begun().await?;
        Ok(program)
    }

    async fn has_begun(&mut self) -> Result<(), Trouble> {
        let start = Instant::now();
        while self.load.as_ref().is_none_or(|load| !load.has_begun()) {
            self.is_at_work()?;
            if start.elapsed() > PATIENCE {
                return Err(self.trouble("has begun no connection within 30 s".to_owned()));
            }
            sleep(EVERY).await;
        }
        Ok(())
    }

    /// How its connections stand.
    pub fn load(&self) -> Option<&UnderWay> {
        self.load.as_ref()
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Tells it to begin no more, waits at most `limit` for it to end, and gives what became of every connection.
    ///
    /// # Errors
    /// When it had ended by itself, or has said what is not understood.
    pub async fn finish(mut self, limit: Duration) -> Result<Vec<Outcome>, Trouble> {
        self.is_at_work()?;
        let outcomes = match self.load.take() {
            Some(load) => load.finish(limit).await,
            None => Vec::new(),
        };
        match self.not_understood.get() {
            Some(line) => {
                Err(self.trouble(format!("said what is not understood: {line:?} (docs/matrix.md)")))
            }
            None => Ok(outcomes),
        }
    }

    fn is_at_work(&mut self) -> Result<(), Trouble> {
        let ended = self.child.try_wait().map_err(Trouble::machine("cannot wait for the client program"))?;
        ended.map_or(Ok(()), |status| Err(self.trouble(format!("ended by itself ({status})"))))
    }

    fn trouble(&self, why: String) -> Trouble {
        Trouble::client(&self.name, why + &self.output.tail())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
