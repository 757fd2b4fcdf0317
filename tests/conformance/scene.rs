//! An init at the place where it is asked to behave.
use super::inits::{Init, Need};
use super::support::running::Running;
use super::support::{finish, namespaces, process, python, wait_for, without_settings};
use rustix::process::geteuid;
use std::process::{Command, Output};

/// Where an init runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Under another init, as any process.
    Beside,
    /// As the first process of a PID namespace that root has made.
    First,
    /// As that of one that a user has made, with a user namespace around it.
    FirstOfUser,
}

/// Makes a PID namespace, whose first process is what follows.
const NAMESPACE: [&str; 3] = ["--pid", "--fork", "--mount-proc"];
/// Becomes a user who owns nothing.
const NOBODY: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

impl Place {
    /// Its name, as a part of a test's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beside => "beside_another_init",
            Self::First => "as_pid_1",
            Self::FirstOfUser => "as_pid_1_of_a_user",
        }
    }

    /// The words that bring a command there.
    fn words(self) -> Vec<&'static str> {
        let as_user = [&["unshare", "--user", "--map-root-user"], &NAMESPACE[..]].concat();
        match self {
            Self::Beside => Vec::new(),
            Self::First => [&["unshare"], &NAMESPACE[..]].concat(),
            Self::FirstOfUser if geteuid().is_root() => [&NOBODY[..], &as_user].concat(),
            Self::FirstOfUser => as_user,
        }
    }

    /// Whether that can be had here.
    ///
    /// # Errors
    /// Why not.
    pub fn permitted(self) -> Result<(), String> {
        match self {
            Self::Beside => return Ok(()),
            Self::First if !geteuid().is_root() => {
                return Err("needs root, to be it in a namespace".to_owned());
            }
            Self::FirstOfUser if geteuid().is_root() => python::usable_by_others()?,
            Self::First | Self::FirstOfUser => {}
        }
        let words = self.words();
        namespaces::permitted(Command::new(words[0]).args(&words[1..]).arg("true"))
    }
}

/// An init at its place, with the options that a behaviour needs.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Which.
    pub init: &'a Init,
    /// Where.
    pub place: Place,
    options: &'static [&'static str],
}

impl<'a> Scene<'a> {
    /// `None`: it has no option for what is needed.
    pub fn of(init: &'a Init, place: Place, need: Need) -> Option<Self> {
        Some(Self { init, place, options: init.options(need, place)? })
    }

    /// The init with its options: a command follows.
    pub fn words(&self) -> Vec<&'static str> {
        [&self.place.words(), &self.init.words(self.place), self.options, &["--"]].concat()
    }

    /// The command under it.
    pub fn command(&self, command: &[&str]) -> Command {
        let words = self.words();
        let mut init = without_settings(Command::new(words[0]));
        init.args(&words[1..]).args(command);
        init
    }

    /// Runs the command to its end.
    pub fn output(&self, command: &[&str]) -> Output {
        finish(&mut self.command(command))
    }

    /// Starts the command and waits until it says "ready".
    pub fn start(&self, command: &[&str]) -> Result<Started, String> {
        let mut running = Running::start(self.command(command));
        match running.line().as_str() {
            "ready" => {}
            other => return Err(format!("the child said {other:?}")),
        }
        let init = match self.place {
            Place::Beside => running.pid(),
            _ => wait_for("the init of a namespace", || child_of(running.pid())),
        };
        let child = wait_for("the init's child", || child_of(init));
        Ok(Started { running, init, child })
    }
}

/// A command that is running under an init.
#[derive(Debug)]
pub struct Started {
    /// What was started, and what it says.
    pub running: Running,
    /// The init's process id.
    pub init: u32,
    /// The command's.
    pub child: u32,
}

impl Started {
    /// Whether the init and its child can take signals; else what became of them.
    pub fn is_there(&self) -> Result<(), String> {
        match process::state(self.init) {
            None | Some('Z') => Err("it ends".to_owned()),
            Some('T') => Err("it stops".to_owned()),
            Some(_) if process::state(self.child) == Some('T') => Err("its child stops".to_owned()),
            Some(_) => Ok(()),
        }
    }

    /// Sends the init a signal and waits until it has taken it.
    pub fn send(&self, number: i32) -> Result<(), String> {
        self.is_there()?;
        process::kill(self.init, number);
        wait_for("the init to take a signal", || {
            (self.is_there().is_err() || !process::is_pending(self.init, number)).then_some(())
        });
        self.is_there()
    }
}

/// The one child of a process, if it has one.
pub fn child_of(parent: u32) -> Option<u32> {
    process::all().find(|pid| process::parent(*pid) == Some(parent))
}
