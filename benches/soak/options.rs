//! The command line.
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// Stops a real gunicorn under load again and again: nobody is lost, and nothing is left behind.
#[derive(Debug, Parser)]
#[command(name = "soak")]
pub struct Options {
    /// How many stops there are at least. None: nothing is done
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub stops: u32,

    /// How many connections there are at least: answered by the server or by lameduck
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub connections: u64,

    /// When it ends, whatever is missing
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10m")]
    pub time: Duration,

    /// How often one lameduck that lives on has its server reloaded
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub reloads: u32,

    /// One of the servers alone, by its name
    #[arg(long, value_name = "SERVER")]
    pub only: Option<String>,

    /// A page for the tables
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,

    /// cargo's own
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// Whether the server of this name takes part.
    pub fn includes(&self, server: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == server)
    }

    /// How many connections a stop has to bring.
    pub fn a_stop(&self) -> usize {
        let share = self.connections.div_ceil(u64::from(self.stops.max(1)));
        usize::try_from(share).unwrap_or(usize::MAX).max(FEWEST)
    }

    /// How it was called, for the page.
    pub fn command(&self) -> String {
        let Self { stops, connections, reloads, .. } = self;
        let time = humantime::format_duration(self.time);
        format!(
            "cargo bench --bench soak -- --stops {stops} --connections {connections} --time {time} --reloads {reloads}"
        )
    }
}

/// Fewer are no load.
const FEWEST: usize = 200;
