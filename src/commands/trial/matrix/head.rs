//! When, where and how a matrix was made.
use super::super::server::Surroundings;
use super::super::trouble::Trouble;
use super::{made_by, versions};
use crate::cli::TrialArgs;
use crate::cli::trial::Way;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::thread::available_parallelism;
use std::time::SystemTime;

/// What every row has in common.
#[derive(Debug, Serialize)]
pub struct Head {
    /// The file's own words.
    pub about: String,
    /// The command that made it, with the variables that lameduck reads, but without where its result was written.
    pub made_by: String,
    /// The day, UTC, such as `2026-11-22`.
    pub date: String,
    /// lameduck's version.
    pub lameduck: String,
    /// The kernel's release, as `uname -r` tells it.
    pub kernel: String,
    /// Processors that may be used.
    pub processors: usize,
    /// The inits that were asked for, and what each says of its version; null when it is not installed.
    pub inits: BTreeMap<String, Option<String>>,
    /// The headings of the cells.
    pub ways: Vec<String>,
    /// Runs under lameduck; there is one in each other way.
    pub runs: u32,
    /// Milliseconds of the way `sleep`.
    pub sleep_ms: u64,
    /// Milliseconds of load before the stop.
    pub before_ms: u64,
    /// Kept-alive clients, where a server has them.
    pub kept_alive: usize,
}

impl Head {
    /// Looks around.
    ///
    /// # Errors
    /// When the machine cannot start what is to be asked for its version.
    pub async fn look(args: &TrialArgs, about: String, ways: &[Way]) -> Result<Self, Trouble> {
        let mut inits = BTreeMap::new();
        for init in ways.iter().filter_map(|way| way.init()) {
            let words = [init, "--version"].map(OsString::from);
            let here = Surroundings::default();
            let version = if versions::is_installed(&words[0], &here) {
                Some(versions::ask(&words, &here).await?.unwrap_or_default())
            } else {
                None
            };
            inits.insert(init.to_owned(), version);
        }
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Ok(Self {
            about,
            made_by: made_by::told(),
            date: date.split('T').next().unwrap_or_default().to_owned(),
            lameduck: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            processors: available_parallelism().map_or(1, Into::into),
            inits,
            ways: ways.iter().map(|way| way.name().to_owned()).collect(),
            runs: args.matrix.runs.get(),
            sleep_ms: ms(args.matrix.sleep),
            before_ms: ms(args.before),
            kept_alive: args.clients.kept_alive,
        })
    }

    /// Whether an init that a way needs is installed.
    pub fn has(&self, way: Way) -> bool {
        way.init().is_none_or(|init| self.inits.get(init).is_some_and(Option::is_some))
    }
}
