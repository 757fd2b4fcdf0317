//! Pod annotations as options: `lameduck.dev/timeout: 40s` is `--timeout=40s`, where the command line has no `--timeout`. So
//! they come after the command line and before the variables. They are read once, at the start, from the file that a
//! downward API volume has made of them.
//!
//! | file | subject |
//! |---|---|
//! | `file` | its lines, and which of them are ours |
//! | `quoted` | how a value is written in it |
//! | `taken` | which options were annotated, for complaints about them |
pub(super) mod file;
pub(super) mod quoted;
mod taken;

pub use taken::Taken;

use super::{Cli, whole};
use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, Parser};
use file::PREFIX;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where Kubernetes' own documentation has the volume.
const DEFAULT: &str = "/etc/podinfo/annotations";
/// The option, as clap and the command line know it, and its variable.
const OPTION: [&str; 3] = ["annotations", "--annotations", "LAMEDUCK_ANNOTATIONS"];
/// The verbs whose options can be annotated.
const VERBS: [&str; 3] = ["run", "wait", "sidecar"];
/// Who says what they would do, and so reads what they do.
const DOCTOR: &str = "doctor";

/// Where this pod's annotations are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Kubernetes")]
pub struct AnnotationArgs {
    /// The file with this pod's annotations, as a downward API volume writes metadata.annotations. Each lameduck.dev/OPTION in
    /// it is the value of that option, where the command line has none; it comes before the option's variable [default:
    /// /etc/podinfo/annotations, where it is there]
    #[arg(long, env = "LAMEDUCK_ANNOTATIONS", value_name = "FILE")]
    pub annotations: Option<PathBuf>,
}

/// Why there is nothing to be done.
#[derive(Debug)]
pub enum Wrong {
    /// The command line, a variable's value or that of one of these annotations.
    Usage(clap::Error, Taken),
    /// The annotations themselves.
    Annotations(String),
}

/// The command line, with what is annotated.
///
/// # Errors
/// What cannot be meant.
pub fn parse(mut words: Vec<OsString>) -> Result<(Cli, Taken), Wrong> {
    let taken =
        if may_be_there(&words) { add(&mut words).map_err(Wrong::Annotations)? } else { Taken::default() };
    match Cli::try_parse_from(words) {
        Ok(cli) => Ok((cli, taken)),
        Err(error) => Err(Wrong::Usage(error, taken)),
    }
}

/// Where there are none, nothing is spent on them.
fn may_be_there(words: &[OsString]) -> bool {
    let [_, option, variable] = OPTION;
    let is_given = |word: &OsString| word.as_encoded_bytes().starts_with(option.as_bytes());
    Path::new(DEFAULT).exists() || std::env::var_os(variable).is_some() || words.iter().any(is_given)
}

/// Adds what is annotated to the words of the command line.
fn add(words: &mut Vec<OsString>) -> Result<Taken, String> {
    // Without the variables, which are for what nobody has annotated. What is wrong here is told when all is read.
    let Ok(matches) = without_variables().try_get_matches_from(words.iter()) else {
        return Ok(Taken::default());
    };
    let reads = |verb| verb == DOCTOR || VERBS.contains(&verb);
    let Some((verb, given)) = matches.subcommand().filter(|(verb, _)| reads(verb)) else {
        return Ok(Taken::default());
    };
    let Some((file, text)) = text(given)? else { return Ok(Taken::default()) };
    let all = whole();
    let mut taken = Taken { file, options: Vec::new() };
    let file = taken.file.display();
    let ours = file::ours(&text).map_err(|line| {
        format!(
            "the annotations in {file} (--annotations): line {line} is not KEY=\"VALUE\"; have the file written by a downward \
             API volume (metadata.annotations)"
        )
    })?;
    for (option, value) in ours {
        if !VERBS.iter().any(|verb| has(&all, verb, option).is_some()) {
            return Err(format!(
                "the annotation {PREFIX}{option} in {file}: there is no option --{option} that can be annotated; \
                 `lameduck {verb} --help` has them"
            ));
        }
        // That of another verb may be for another container of this pod.
        let Some(argument) = has(&all, verb, option) else { continue };
        if given.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine) {
            continue;
        }
        let mut word = OsString::from(format!("--{option}="));
        word.push(value);
        // After the program and the verb.
        words.insert(2, word);
        taken.options.push(option.to_owned());
    }
    Ok(taken)
}

fn without_variables() -> Command {
    let [id, ..] = OPTION;
    let without =
        |argument: Arg| if argument.get_id() == id { argument } else { argument.env(Resettable::Reset) };
    whole().mut_subcommands(|verb| verb.mut_args(without))
}

/// The option of this name, if this verb has it and it is one of those for users.
fn has<'a>(all: &'a Command, verb: &str, option: &str) -> Option<&'a Arg> {
    let [id, ..] = OPTION;
    let is_it = |argument: &&Arg| {
        let is_one = argument.get_action().takes_values() && !argument.is_hide_set();
        is_one && argument.get_long() == Some(option) && argument.get_id() != id
    };
    all.find_subcommand(verb)?.get_arguments().find(is_it)
}

/// The file and its text; `None`: nobody has named one, and there is none.
fn text(given: &ArgMatches) -> Result<Option<(PathBuf, String)>, String> {
    let [id, ..] = OPTION;
    let named = given.get_one::<PathBuf>(id);
    let file = named.map_or(Path::new(DEFAULT), PathBuf::as_path);
    match file::read(file) {
        Ok(text) => Ok(Some((file.to_owned(), text))),
        Err(error) if named.is_some() => Err(format!(
            "cannot read the annotations {} (--annotations): {error}; have a downward API volume write metadata.annotations \
             there, or name no file",
            file.display()
        )),
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => Ok(None),
        // It may be there for somebody else.
        Err(error) => {
            crate::telemetry::say(format!(
                "warning: cannot read the annotations {}: {error}",
                file.display()
            ));
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key's name part: 63 bytes at most, of letters, digits, `-`, `_` and `.` (qualifiedNameFmt,
    /// apimachinery/pkg/util/validation/validation.go).
    #[test]
    fn every_option_of_the_verbs_can_be_annotated() {
        let all = whole();
        for verb in VERBS {
            let verb = all.find_subcommand(verb).unwrap();
            let options: Vec<&Arg> = verb
                .get_arguments()
                .filter(|argument| argument.get_long().is_some_and(|name| name != "help"))
                .collect();
            assert!(options.len() > 20, "{verb}");
            for option in options {
                let name = option.get_long().unwrap();
                let is_key = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
                assert!(name.len() <= 63 && name.bytes().all(is_key), "{name}");
                assert!(option.is_hide_set() || option.get_action().takes_values(), "--{name}=VALUE is none");
            }
        }
    }
}
