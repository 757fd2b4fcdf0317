//! What a command line says of gunicorn, and whether its graceful_timeout fits into what a drain leaves. gunicorn.conf.py, which it reads by
//! itself too, is not seen here.
use super::case::Case;
use super::entrypoint::script;
use crate::commands::doctor::finding::Finding;
use crate::inject::pod::named;
use crate::inject::sleep::base;
use humantime::format_duration as told;
use std::time::Duration;

const SUBJECT: &str = "graceful_timeout";
/// Its default (gunicorn/config.py).
const GRACEFUL_TIMEOUT: Duration = Duration::from_secs(30);

/// gunicorn's settings, as far as they are seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Gunicorn {
    /// `--graceful-timeout`.
    pub graceful_timeout: Option<Duration>,
    /// Its workers do one thing at a time: `sync`, which is the default, without threads.
    pub is_sync: bool,
    /// `--reuse-port`.
    pub reuses_port: bool,
    /// It is told to read a file.
    pub has_file: bool,
}

impl Gunicorn {
    /// Of this workload's server, if it is gunicorn.
    pub fn of(case: &Case) -> Option<Self> {
        let words = case.server();
        let mut variables = named(case.pod.container, "env").filter(|(_, name)| *name == "GUNICORN_CMD_ARGS");
        let variable = variables.next().and_then(|(entry, _)| entry.get("value")?.text());
        Self::read(&words, variable)
    }

    fn read(words: &[String], variable: Option<&str>) -> Option<Self> {
        let in_script = script(words).and_then(shlex::split);
        let words = in_script.as_deref().unwrap_or(words);
        let at = words.iter().position(|word| base(word) == "gunicorn")?;
        // The command line goes before the variable: what comes last counts.
        let mut all = variable.and_then(shlex::split).unwrap_or_default();
        all.extend(words[at + 1..].iter().cloned());
        let option = |long: &str, short: &str| {
            let mut found = None;
            for (at, word) in all.iter().enumerate() {
                let value = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('='));
                let is_alone = word == long || (!short.is_empty() && word == short);
                let joined = (!short.is_empty() && !word.starts_with("--"))
                    .then(|| word.strip_prefix(short))
                    .flatten();
                let next = || all.get(at + 1).map(String::as_str);
                let joined = joined.filter(|rest| !rest.is_empty());
                found = value.or_else(|| if is_alone { next() } else { joined }).or(found);
            }
            found
        };
        // What is in a file is not known.
        let has_file = option("--config", "-c").is_some();
        let class = option("--worker-class", "-k").unwrap_or(if has_file { "?" } else { "sync" });
        let threads = option("--threads", "").and_then(|threads| threads.parse::<u32>().ok()).unwrap_or(1);
        Some(Self {
            graceful_timeout: option("--graceful-timeout", "")
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
            is_sync: class == "sync" && threads < 2,
            reuses_port: all.iter().any(|word| word == "--reuse-port"),
            has_file,
        })
    }
}

/// Whether its graceful stop fits into what is left for it.
pub fn finding(case: &Case) -> Option<Finding> {
    let gunicorn = Gunicorn::of(case)?;
    let left = case.left_to_the_server();
    if gunicorn.graceful_timeout.is_none() && gunicorn.has_file {
        return Some(Finding::ok(
            SUBJECT,
            format!(
                "as its configuration file has it, which is not seen here; {} are left for it",
                told(left)
            ),
        ));
    }
    let (takes, whence) = match gunicorn.graceful_timeout {
        Some(takes) => (takes, ""),
        None => (GRACEFUL_TIMEOUT, ", by default"),
    };
    let when =
        if case.presence.is_there() { "when the drain has used its time up" } else { "of the grace period" };
    let seen = format!("{}{whence}; {} are left {when}", told(takes), told(left));
    if takes < left {
        return Some(Finding::ok(SUBJECT, seen));
    }
    // One second for the master to end its workers in.
    let fits = left.as_secs().saturating_sub(1).max(1);
    let raise = if case.presence.is_there() {
        let reserve = takes.as_secs() + 1;
        let grace = (case.policy.timeout + takes).as_secs() + 1;
        format!(
            "LAMEDUCK_RESERVE={reserve}s and {}",
            crate::commands::doctor::grace::both(Duration::from_secs(grace))
        )
    } else {
        format!("terminationGracePeriodSeconds: {}", (takes + case.slept().unwrap_or_default()).as_secs() + 1)
    };
    Some(Finding::weaker(
        SUBJECT,
        format!(
            "{seen}: requests that are slower than that are cut by SIGKILL, and gunicorn does not end in order"
        ),
        format!("set --graceful-timeout={fits} (GUNICORN_CMD_ARGS), or {raise}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str], variable: Option<&str>) -> Option<Gunicorn> {
        Gunicorn::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), variable)
    }

    #[test]
    fn the_command_line_goes_before_the_variable() {
        let secs = |gunicorn: Option<Gunicorn>| gunicorn.unwrap().graceful_timeout.map(|time| time.as_secs());
        assert_eq!(secs(read(&["gunicorn", "a:a"], None)), None);
        assert_eq!(secs(read(&["gunicorn", "a:a"], Some("--graceful-timeout 7"))), Some(7));
        assert_eq!(
            secs(read(&["/venv/bin/gunicorn", "--graceful-timeout=9", "a:a"], Some("--graceful-timeout 7"))),
            Some(9)
        );
        assert_eq!(secs(read(&["python", "-m", "gunicorn", "--graceful-timeout", "3"], None)), Some(3));
        assert_eq!(secs(read(&["sh", "-c", "exec gunicorn --graceful-timeout 4 a:a"], None)), Some(4));
        assert_eq!(read(&["uvicorn", "a:a"], Some("--graceful-timeout 7")), None);
    }

    #[test]
    fn workers_without_threads_are_sync() {
        let sync = |words: &[&str]| read(&[&["gunicorn"], words].concat(), None).unwrap().is_sync;
        assert!(sync(&["a:a"]) && sync(&["-k", "sync"]) && sync(&["--threads=1"]));
        assert!(
            !sync(&["-kgevent"])
                && !sync(&["--worker-class=uvicorn.workers.UvicornWorker"])
                && !sync(&["--threads", "4"])
        );
        assert!(read(&["gunicorn", "-c", "conf.py"], None).unwrap().has_file);
        assert!(!read(&["gunicorn", "--capture-output"], None).unwrap().has_file);
    }
}
