//! What is said about a command line that cannot be meant.
use crate::cli::{Taken, whole};
use clap::error::{ContextKind, ContextValue};
use std::ffi::OsStr;

/// The complaint, as one of lameduck's: in a container's log nobody else would know whose "error" it is. A value that
/// came from the environment or an annotation is said to come from there.
pub fn complaint(error: &clap::Error, annotated: &Taken) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    if let Some(origin) = option(error).and_then(|option| annotated.origin(option)) {
        return format!("{text}\n\nThe value is that of the annotation {origin}.");
    }
    match variable(error) {
        Some(variable) => format!("{text}\n\nThe value is that of the environment variable {variable}."),
        None => text.to_owned(),
    }
}

/// The environment variable that the bad value came from, if it did.
fn variable(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return None };
    let long = option(error)?;
    let given = |argument: &OsStr| argument.to_string_lossy().split('=').next() == Some(&format!("--{long}"));
    if std::env::args_os().any(|argument| given(&argument)) {
        return None;
    }
    let cli = whole();
    let mut options = cli.get_subcommands().flat_map(clap::Command::get_arguments);
    let variable = options.find(|known| known.get_long() == Some(long) && holds(known, value))?.get_env()?;
    Some(variable.to_string_lossy().into_owned())
}

/// The option that the value was for.
fn option(error: &clap::Error) -> Option<&str> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    option.split_whitespace().next()?.strip_prefix("--")
}

/// Whether the option's variable is set to this value, alone or in a list.
fn holds(option: &clap::Arg, value: &str) -> bool {
    let set = option.get_env().and_then(|variable| std::env::var(variable).ok());
    set.is_some_and(|set| set == value || set.split(',').any(|part| part == value))
}
