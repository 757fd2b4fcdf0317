//! The log: a line an event on stderr, for humans or as JSON.
use super::Stderr;
use clap::ValueEnum;
use std::fmt;
use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, SubscriberBuilder};
use tracing_subscriber::registry::LookupSpan;

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// `lameduck: what happened key=value`
    Human,
    /// An object a line, with a timestamp
    Json,
}

/// What the log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing
    Off,
    /// What keeps lameduck from doing its work
    Error,
    /// ... and what makes it do less
    Warn,
    /// ... and each phase of a drain
    Info,
    /// ... and why
    Debug,
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

/// Starts the log. It never blocks: see [`Stderr`].
pub fn start(format: LogFormat, level: LogLevel) {
    let log = SubscriberBuilder::default()
        .with_max_level(level.filter())
        .with_ansi(false)
        .with_writer(Stderr::default);
    // The only failure is a log that was started before.
    let _ = match format {
        LogFormat::Human => tracing::subscriber::set_global_default(log.event_format(Human).finish()),
        LogFormat::Json => tracing::subscriber::set_global_default(log.json().flatten_event(true).finish()),
    };
}

/// `lameduck: message key=value`, with a word in front of what is more than information.
struct Human;

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        to.write_str(match *event.metadata().level() {
            Level::ERROR => "lameduck: error: ",
            Level::WARN => "lameduck: warning: ",
            _ => "lameduck: ",
        })?;
        context.field_format().format_fields(to.by_ref(), event)?;
        writeln!(to)
    }
}
