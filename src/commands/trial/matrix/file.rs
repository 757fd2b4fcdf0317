//! The TOML file of a matrix: its servers as they are written down. docs/matrix.md tells every key.
use super::super::trouble::Trouble;
use super::place::{PORT, SOCKET};
use crate::cli::trial::Clients;
use crate::cli::trial::values::{self, Rate};
use clap::ValueEnum;
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// A sentence for the head of the tables.
    #[serde(default)]
    pub about: String,
    /// A row each.
    #[serde(rename = "server", default)]
    pub servers: Vec<Server>,
}

/// A server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// What it is called in the tables.
    pub name: String,
    /// What is started; `{port}` stands for a free port of the loopback interface, `{socket}` for a unix path.
    pub command: Words,
    /// Programs that it needs beside the first word of its command.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Its working directory; in the file from where the file is.
    #[serde(default)]
    pub directory: PathBuf,
    /// Variables beside the trial's own, `{port}` as above.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What its clients ask for.
    #[serde(default = "root")]
    pub path: UrlPath,
    /// What every n-th of them asks for in its place.
    pub slow_path: Option<UrlPath>,
    /// The n.
    #[serde(default = "one_in_25")]
    pub slow_every: NonZeroU64,
    /// What it is asked for to see that it is ready; `path` when it is left out.
    pub ready: Option<UrlPath>,
    /// Which clients it has; both when it is left out.
    #[serde(default, deserialize_with = "clients")]
    pub clients: Option<Clients>,
    /// The program that makes new connections in place of the load engine; `{port}` and `{socket}` as above, and `{rate}`.
    pub client: Option<Words>,
    /// New connections a second, in place of `--rate`.
    #[serde(default, deserialize_with = "rate")]
    pub rate: Option<Rate>,
    /// The signal by which it stops gracefully: what every way but lameduck's sends, as an image's STOPSIGNAL does.
    #[serde(default = "term", deserialize_with = "signal")]
    pub stop_signal: Signal,
    /// The command that tells its version.
    pub version: Option<Words>,
}

/// A command: a list of words, or one text that is split as a shell would.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Command")]
pub struct Words(pub Vec<String>);

/// A path that can stand in a request line.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct UrlPath(pub String);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a command is a text or a list of texts")]
enum Command {
    Text(String),
    List(Vec<String>),
}

impl File {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or is not as it should be: with the line.
    pub fn read(path: &Path) -> Result<Self, Trouble> {
        let name = path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|source| Trouble::CannotRead { file: name.clone(), source })?;
        let wrong = |why: String| Trouble::BadMatrix { file: name.clone(), why };
        let mut file = Self::parse(&text).map_err(wrong)?;
        let home = path.parent().unwrap_or(Path::new(""));
        for server in &mut file.servers {
            // `.` and not the empty path, which is no directory.
            server.directory = Path::new(".").join(home).join(&server.directory);
        }
        Ok(file)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if file.servers.is_empty() {
            return Err("there is no server in it: give a [[server]] with a name and a command".to_owned());
        }
        let mut names = HashSet::new();
        if let Some(twice) = file.servers.iter().find(|server| !names.insert(&server.name)) {
            return Err(format!("two servers are called {}: give each a name of its own", twice.name));
        }
        match file.servers.iter().find_map(|server| Some((&server.name, server.contradiction()?))) {
            Some((name, contradiction)) => Err(format!("{name}: {contradiction}")),
            None => Ok(file),
        }
    }
}

impl Server {
    /// Whether its command, or its environment, has this in it.
    pub fn mentions(&self, what: &str) -> bool {
        self.command.0.iter().chain(self.environment.values()).any(|text| text.contains(what))
    }

    /// Why its keys do not go together, and what to do.
    fn contradiction(&self) -> Option<String> {
        if self.mentions(PORT) && self.mentions(SOCKET) {
            return Some(format!("clients come to {PORT} or to {SOCKET}: use one of them"));
        }
        self.client.as_ref()?;
        if !matches!(self.rate, Some(Rate::PerSecond(_))) {
            return Some(
                "what a server can do for a client program is not measured: give a rate, such as 100/s"
                    .into(),
            );
        }
        let ours = self.clients.is_some() || self.slow_path.is_some() || self.ready.is_some();
        ours.then(|| "clients, slow_path and ready are not for a client program: leave them out".into())
    }

    /// The clients that it has.
    pub fn clients(&self) -> Clients {
        self.clients.unwrap_or(if self.client.is_some() { Clients::New } else { Clients::Both })
    }
}

impl TryFrom<Command> for Words {
    type Error = String;

    fn try_from(command: Command) -> Result<Self, String> {
        let words = match command {
            Command::Text(text) => shlex::split(&text).ok_or("a quotation in this command does not end")?,
            Command::List(words) => words,
        };
        if words.is_empty() { Err("this command has no word in it".to_owned()) } else { Ok(Self(words)) }
    }
}

impl TryFrom<String> for UrlPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        values::path(&text).map(Self)
    }
}

fn signal<'de, D: Deserializer<'de>>(from: D) -> Result<Signal, D::Error> {
    values::signal(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn rate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Rate>, D::Error> {
    values::rate(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

fn clients<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Clients>, D::Error> {
    let wrong = |_| D::Error::custom("clients are new, kept-alive or both");
    Clients::from_str(&String::deserialize(from)?, false).map(Some).map_err(wrong)
}

fn root() -> UrlPath {
    UrlPath("/".to_owned())
}

fn one_in_25() -> NonZeroU64 {
    const { NonZeroU64::new(25).unwrap() }
}

fn term() -> Signal {
    Signal::SIGTERM
}

#[cfg(test)]
mod tests;
