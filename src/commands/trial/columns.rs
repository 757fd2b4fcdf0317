//! The ways to run the server that a trial compares: one column each.
use super::listening::Look;
use crate::cli::trial::Only;
use crate::cli::trial::values::Supervisor;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// One way to run the server.
#[derive(Debug)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it is lameduck's: the one that the exit status is about.
    pub lameduck: bool,
    /// What is started.
    pub command: Vec<OsString>,
    /// Where its listeners are.
    pub look: Look,
    /// How it is told to stop.
    pub stop_signal: Signal,
    /// How long that is put off, under load: what a preStop hook sleeps.
    pub sleep: Duration,
}

/// Plain first and lameduck last, other supervisors in between.
pub fn columns(
    only: Option<Only>,
    others: Vec<Supervisor>,
    myself: &Path,
    command: &[OsString],
    stop_signal: Signal,
) -> Vec<Column> {
    let column = |name: &str, lameduck, look, supervisor: Vec<OsString>| Column {
        name: name.to_owned(),
        lameduck,
        look,
        stop_signal,
        sleep: Duration::ZERO,
        command: supervisor.into_iter().chain(command.iter().cloned()).collect(),
    };
    let plain = (only != Some(Only::Lameduck)).then(|| column("plain", false, Look::Itself, vec![]));
    let others = others.into_iter().map(|Supervisor(words)| {
        let name = Path::new(&words[0])
            .file_name()
            .map_or_else(|| words[0].clone(), |name| name.display().to_string());
        column(&name, false, Look::Itself, words.into_iter().map(OsString::from).collect())
    });
    let lameduck = (only != Some(Only::Plain))
        .then(|| column("lameduck", true, Look::Below, vec![myself.into(), "run".into(), "--".into()]));
    plain.into_iter().chain(others).chain(lameduck).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_first_lameduck_last_and_others_are_between_whatever_only_says() {
        let names = |only| {
            let others = vec![Supervisor(vec!["/bin/tini".into(), "--".into()])];
            let columns =
                columns(only, others, Path::new("/usr/bin/lameduck"), &["server".into()], Signal::SIGTERM);
            columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
        };
        assert_eq!(names(None), ["plain", "tini", "lameduck"]);
        assert_eq!(names(Some(Only::Plain)), ["plain", "tini"]);
        assert_eq!(names(Some(Only::Lameduck)), ["tini", "lameduck"]);
    }

    #[test]
    fn a_supervisors_words_stand_before_the_servers() {
        let tini = Supervisor(vec!["tini".into(), "--".into()]);
        let server = ["server".into(), "-x".into()];
        let all = columns(None, vec![tini], Path::new("/bin/lameduck"), &server, Signal::SIGTERM);
        let commands: Vec<_> =
            all.iter().map(|column| column.command.join(std::ffi::OsStr::new(" "))).collect();
        assert_eq!(commands, ["server -x", "tini -- server -x", "/bin/lameduck run -- server -x"]);
    }
}
