//! The ways to run a server that a matrix compares, as columns of a trial.
use super::super::columns::Column;
use super::super::listening::Look;
use crate::cli::trial::Way;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

impl Way {
    /// Its heading.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tini => "tini",
            Self::DumbInit => "dumb-init",
            Self::Catatonit => "catatonit",
            Self::Sleep => "sleep",
            Self::GateNone => "lameduck --gate none",
            Self::Lameduck => "lameduck",
        }
    }

    /// The init of somebody else that it needs. Each takes `--` before the command, and tells `--version`.
    pub(super) fn init(self) -> Option<&'static str> {
        matches!(self, Self::Tini | Self::DumbInit | Self::Catatonit).then(|| self.name())
    }

    /// The column of a server with this `command` and graceful `stop_signal`; lameduck is the program `myself`.
    ///
    /// All but lameduck are sent that signal, as the container's image has it sent. lameduck gets the orchestrator's TERM
    /// and sends the server its own.
    pub(super) fn column(
        self,
        myself: &Path,
        command: &[OsString],
        stop_signal: Signal,
        sleep: Duration,
    ) -> Column {
        let mut words: Vec<OsString> = match self {
            Self::Plain | Self::Sleep => Vec::new(),
            Self::Tini | Self::DumbInit | Self::Catatonit => vec![self.name().into(), "--".into()],
            Self::GateNone => vec![myself.into(), "run".into(), "--gate".into(), "none".into()],
            Self::Lameduck => vec![myself.into(), "run".into()],
        };
        let lameduck = matches!(self, Self::GateNone | Self::Lameduck);
        if lameduck {
            if stop_signal != Signal::SIGTERM {
                let sent = stop_signal.as_str().trim_start_matches("SIG");
                words.extend(["--forward-signal".into(), format!("TERM={sent}").into()]);
            }
            words.push("--".into());
        }
        words.extend(command.iter().cloned());
        Column {
            name: self.name().to_owned(),
            lameduck: self == Self::Lameduck,
            command: words,
            look: if lameduck { Look::Below } else { Look::Itself },
            stop_signal: if lameduck { Signal::SIGTERM } else { stop_signal },
            sleep: if self == Self::Sleep { sleep } else { Duration::ZERO },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn each_way_has_its_command_signal_and_sleep() {
        let column = |way: Way| {
            let seconds = Duration::from_secs(9);
            let column = way.column(Path::new("lameduck"), &["serve".into()], Signal::SIGQUIT, seconds);
            let command: Vec<String> = column.command.iter().map(|word| word.display().to_string()).collect();
            (command.join(" "), column.stop_signal.as_str(), column.sleep.as_secs())
        };
        let expected = [
            ("serve", "SIGQUIT", 0),
            ("tini -- serve", "SIGQUIT", 0),
            ("dumb-init -- serve", "SIGQUIT", 0),
            ("catatonit -- serve", "SIGQUIT", 0),
            ("serve", "SIGQUIT", 9),
            ("lameduck run --gate none --forward-signal TERM=QUIT -- serve", "SIGTERM", 0),
            ("lameduck run --forward-signal TERM=QUIT -- serve", "SIGTERM", 0),
        ];
        let found: Vec<_> = Way::value_variants().iter().map(|way| column(*way)).collect();
        assert_eq!(found, expected.map(|(command, signal, sleep)| (command.to_owned(), signal, sleep)));
    }

    #[test]
    fn only_the_gated_lameduck_decides_the_exit_status_and_term_is_not_translated() {
        for way in Way::value_variants() {
            let column =
                way.column(Path::new("lameduck"), &["serve".into()], Signal::SIGTERM, Duration::ZERO);
            assert_eq!(column.lameduck, *way == Way::Lameduck);
            assert!(!column.command.contains(&"--forward-signal".into()), "{column:?}");
        }
    }
}
