//! The inits, and which options of theirs a behaviour needs.
use super::scene::Place;
use std::path::Path;
use std::process::Command;

/// What a behaviour needs an init to be told, where it does not do it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// Orphans are its own although it is not PID 1.
    Orphans,
    /// Signals are the child's alone.
    ToChild,
    /// Signals are the whole group's.
    ToGroup,
    /// Its parent's end is a TERM.
    ParentDeath,
    /// Of 143 0 is told.
    ExitCode,
}

/// A program that runs another.
#[derive(Debug, Clone)]
pub struct Init {
    /// Its name.
    pub name: &'static str,
    words: Vec<&'static str>,
    /// Its options for each need; a need that is not here it has no option for.
    options: &'static [(Need, &'static [&'static str])],
}

/// lameduck's own; the others' are those of their `--help`.
const LAMEDUCK: &[(Need, &[&str])] = &[
    (Need::Nothing, &[]),
    (Need::Orphans, &[]),
    (Need::ToChild, &[]),
    (Need::ToGroup, &["--forward-to", "group"]),
    (Need::ParentDeath, &["--parent-death-signal", "TERM"]),
    (Need::ExitCode, &["--exit-code", "143=0"]),
];
const TINI: &[(Need, &[&str])] = &[
    (Need::Nothing, &[]),
    (Need::Orphans, &[]),
    (Need::ToChild, &[]),
    (Need::ToGroup, &["-g"]),
    (Need::ParentDeath, &["-p", "SIGTERM"]),
    (Need::ExitCode, &["-e", "143"]),
];
const DUMB_INIT: &[(Need, &[&str])] = &[(Need::Nothing, &[]), (Need::ToChild, &["-c"]), (Need::ToGroup, &[])];
const CATATONIT: &[(Need, &[&str])] =
    &[(Need::Nothing, &[]), (Need::Orphans, &[]), (Need::ToChild, &[]), (Need::ToGroup, &["-g"])];

impl Init {
    /// The one under test.
    pub fn lameduck() -> Self {
        let words = vec![env!("CARGO_BIN_EXE_lameduck"), "run"];
        Self { name: "lameduck", words, options: LAMEDUCK }
    }

    /// lameduck and its peers, where they are installed.
    pub fn installed() -> Vec<Self> {
        let peers = [("tini", TINI), ("dumb-init", DUMB_INIT), ("catatonit", CATATONIT)];
        let peers = peers.map(|(name, options)| Self { name, words: vec![name], options });
        [Self::lameduck()].into_iter().chain(peers.into_iter().filter(Self::is_there)).collect()
    }

    /// The program and the words before its options at this place.
    pub fn words(&self, place: Place) -> Vec<&'static str> {
        // Where it is not PID 1 it warns without.
        let subreaper: &[&str] = if self.name == "tini" && place == Place::Beside { &["-s"] } else { &[] };
        [&self.words, subreaper].concat()
    }

    /// Its options for what is needed at this place; `None`: it has none for it.
    pub fn options(&self, need: Need, place: Place) -> Option<&'static [&'static str]> {
        // The orphans of a PID namespace are its first process' own.
        let need = if need == Need::Orphans && place != Place::Beside { Need::Nothing } else { need };
        self.options.iter().find(|(known, _)| *known == need).map(|(_, options)| *options)
    }

    /// Its version, as it tells it or as Debian's package has it.
    pub fn version(&self) -> String {
        if self.name == "lameduck" {
            return env!("CARGO_PKG_VERSION").to_owned();
        }
        let query = ["--show", "--showformat=${Version}", self.name];
        let output =
            Command::new("dpkg-query").args(query).output().ok().filter(|output| output.status.success());
        output.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn is_there(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|directory| Path::new(&directory).join(self.name).is_file())
    }
}
