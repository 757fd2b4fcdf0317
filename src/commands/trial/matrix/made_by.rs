//! The command that made a matrix, as somebody else may repeat it: with the variables that lameduck reads, paths from
//! the working directory, and without where the result was written, which is no part of how it came about.
use std::path::Path;

/// The options, and the variables in their place, that only say where the result goes. Each has a value.
const OUTPUTS: [&str; 2] = ["--markdown", "--json-file"];
const OUTPUT_VARIABLES: [&str; 2] = ["LAMEDUCK_TRIAL_MARKDOWN", "LAMEDUCK_TRIAL_JSON_FILE"];

/// This process's own, as a shell would read it.
pub fn told() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let here = std::env::current_dir().unwrap_or_default();
    command(std::env::vars(), words, &here)
}

fn command(
    variables: impl Iterator<Item = (String, String)>,
    arguments: impl Iterator<Item = String>,
    here: &Path,
) -> String {
    let ours = variables
        .filter(|(name, _)| name.starts_with("LAMEDUCK_") && !OUTPUT_VARIABLES.contains(&name.as_str()));
    let mut words: Vec<String> = ours.map(|(name, value)| format!("{name}={}", quoted(&value))).collect();
    words.sort();
    words.push("lameduck".to_owned());
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        if OUTPUTS.contains(&argument.as_str()) {
            arguments.next();
        } else if !OUTPUTS.iter().any(|output| value_of(output, &argument).is_some()) {
            words.push(quoted(&from_here(&argument, here)));
        }
    }
    words.join(" ")
}

/// The value of `--option=value`.
fn value_of<'a>(option: &str, argument: &'a str) -> Option<&'a str> {
    argument.strip_prefix(option)?.strip_prefix('=')
}

/// A path below `here` without `here`, as an argument of its own or behind the `=` of an option; all else as it is.
fn from_here(argument: &str, here: &Path) -> String {
    let (option, value) = match argument.split_once('=') {
        Some((option, value)) if option.starts_with("--") => (format!("{option}="), value),
        _ => (String::new(), argument),
    };
    match Path::new(value).strip_prefix(here) {
        Ok(below) if !here.as_os_str().is_empty() => format!("{option}{}", below.display()),
        _ => argument.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(variables: &[(&str, &str)], arguments: &[&str]) -> String {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        command(
            variables,
            arguments.iter().map(|argument| (*argument).to_owned()),
            Path::new("/src/lameduck"),
        )
    }

    #[test]
    fn its_variables_come_first_and_words_are_quoted_as_for_a_shell() {
        let variables = [("PATH", "/bin"), ("LAMEDUCK_TIMEOUT", "8 s"), ("LAMEDUCK_GATE", "none")];
        let said = told_of(&variables, &["trial", "--row", "gunicorn sync"]);
        assert_eq!(said, "LAMEDUCK_GATE=none LAMEDUCK_TIMEOUT='8 s' lameduck trial --row 'gunicorn sync'");
    }

    #[test]
    fn where_the_result_was_written_is_left_out_however_it_was_said() {
        let variables = [("LAMEDUCK_TRIAL_JSON_FILE", "/tmp/a.json"), ("LAMEDUCK_TRIAL_MARKDOWN", "b.md")];
        let arguments = ["--json-file", "/tmp/a.json", "--runs", "3", "--markdown=b.md", "--json-file=c"];
        assert_eq!(told_of(&variables, &arguments), "lameduck --runs 3");
    }

    #[test]
    fn paths_are_told_from_the_working_directory() {
        let arguments =
            ["--matrix", "/src/lameduck/tests/servers.toml", "--matrix=/src/lameduck/b", "/src/other"];
        assert_eq!(told_of(&[], &arguments), "lameduck --matrix tests/servers.toml '--matrix=b' /src/other");
    }
}
