//! Shells between the stop signal and the server. A shell that waits for a command passes no signal on; as process 1 it does not even end by
//! one (kernel/signal.c, SIGNAL_UNKILLABLE).
use super::case::Case;
use super::presence::Presence;
use crate::commands::doctor::finding::Finding;
use crate::inject::sleep::{SHELLS, base};
use std::path::Path;

const SUBJECT: &str = "entrypoint";
const ADVICE: &str = "write exec before the server's command: [sh, -c, \"exec gunicorn ...\"]; or leave the shell out: [gunicorn, ...]";

/// What stands between them.
pub fn finding(case: &Case) -> Finding {
    let words = case.server();
    let Some(first) =
        words.first().filter(|_| case.presence.way().is_some() || !case.pod.command().is_empty())
    else {
        return Finding::ok(
            SUBJECT,
            "the image's, which is not seen here: the shell form in its Dockerfile (CMD gunicorn app:app) would be a shell that passes \
             no signal on",
        );
    };
    let Some(script) = script(&words) else {
        let seen = if Path::new(first).extension().is_some_and(|extension| extension == "sh") {
            format!(
                "{first}, a script of the image, which is not seen here: its last command has to begin with exec"
            )
        } else {
            format!("{}: no shell is before it", base(first))
        };
        return Finding::ok(SUBJECT, seen);
    };
    let shell = base(first);
    match Last::of(script) {
        Last::Execs => Finding::ok(SUBJECT, format!("{shell} replaces itself by the server (exec)")),
        // Tried with bash 5.2; dash 0.5.12 stays.
        Last::Alone if shell == "bash" => Finding::ok(SUBJECT, "bash replaces itself by its only command"),
        Last::Alone | Last::Stays => Finding::missing(SUBJECT, hidden(case, shell), ADVICE),
    }
}

fn hidden(case: &Case, shell: &str) -> String {
    match case.presence {
        Presence::Run { .. } => format!(
            "{shell} stays before the server: it is {shell} that lameduck tells to stop, and with its end the server is killed"
        ),
        _ => format!(
            "{shell} stays before the server, and passes no signal on: the server is never told to stop, and is killed when the grace \
             period is over"
        ),
    }
}

/// The script of `sh -c SCRIPT`.
pub fn script(words: &[String]) -> Option<&str> {
    let (shell, rest) = words.split_first()?;
    let is_command =
        |option: &String| option.starts_with('-') && option.ends_with('c') && !option.starts_with("--");
    let at = rest.iter().position(is_command)?;
    let only_options = rest[..at].iter().all(|word| word.starts_with(['-', '+']));
    (SHELLS.contains(&base(shell)) && only_options).then(|| rest.get(at + 1).map(String::as_str))?
}

/// How a script ends.
#[derive(Debug, PartialEq, Eq)]
enum Last {
    /// With exec.
    Execs,
    /// It has one command only, and no exec.
    Alone,
    /// The shell waits for its last command.
    Stays,
}

impl Last {
    fn of(script: &str) -> Self {
        let commands = commands(script);
        let mut words = commands.last().map(|last| last.split_whitespace()).into_iter().flatten();
        let is_assignment = |word: &&str| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        };
        match words.find(|word| !is_assignment(word)) {
            Some("exec") => Self::Execs,
            _ if commands.len() == 1 => Self::Alone,
            _ => Self::Stays,
        }
    }
}

/// The commands of a script, without what is between them; quotes and comments are kept whole.
fn commands(script: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quote = None;
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        let current = all.last_mut().expect("there is one");
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => {
                current.extend(characters.next());
                continue;
            }
            (None, ';' | '\n' | '|') => {
                all.push(String::new());
                continue;
            }
            // `2>&1` is none; `&&` and `&` are.
            (None, '&') if !current.ends_with('>') => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    all.retain(|command| !command.trim().is_empty() && !command.trim_start().starts_with('#'));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_ends_with_exec_or_the_shell_stays() {
        for script in [
            "exec gunicorn a:a",
            "cd /app && exec gunicorn a:a",
            "A=1; B=2 exec x;\n",
            "set -e\nexec \"$@\" 2>&1",
        ] {
            assert_eq!(Last::of(script), Last::Execs, "{script}");
        }
        for script in ["gunicorn a:a", "A=1 gunicorn 'a;b'", "gunicorn a:a 2>&1"] {
            assert_eq!(Last::of(script), Last::Alone, "{script}");
        }
        for script in
            ["migrate && gunicorn a:a", "exec gunicorn a:a | tee log", "gunicorn a:a & wait", "exec a; b"]
        {
            assert_eq!(Last::of(script), Last::Stays, "{script}");
        }
    }

    #[test]
    fn a_script_is_known_behind_a_shell_only() {
        let of = |words: &[&str]| {
            script(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).map(str::to_owned)
        };
        assert_eq!(of(&["/bin/sh", "-c", "a"]).as_deref(), Some("a"));
        assert_eq!(of(&["bash", "-e", "-lc", "a", "b"]).as_deref(), Some("a"));
        for words in [&["python", "-c", "a"][..], &["sh", "a.sh", "-c", "b"], &["sh"], &["sh", "-c"]] {
            assert_eq!(of(words), None, "{words:?}");
        }
    }
}
