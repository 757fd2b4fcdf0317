//! What must hold of whatever users, manifests and images give as options ([`crate::readers`]).
use super::annotations::{file, quoted};
use super::{Cli, values};
use crate::supervisor::Signal;
use clap::{CommandFactory as _, FromArgMatches as _};
use std::cell::RefCell;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

const YEAR: Duration = Duration::from_hours(365 * 24);

/// What is printed of a value is read as the same value; what is wrong is told in one sentence, with what is right.
fn again<T: PartialEq + std::fmt::Debug>(
    text: &str,
    read: impl Fn(&str) -> Result<T, String>,
    print: impl Fn(&T) -> String,
) {
    match read(text) {
        Ok(value) => assert_eq!(read(&print(&value)).as_ref(), Ok(&value), "{text:?}"),
        Err(why) => assert!(!why.trim().is_empty() && why.len() < 300 + 10 * text.len(), "{text:?}: {why}"),
    }
}

/// Readers of values, which options and variables share (`--timeout 30s`, `LAMEDUCK_TIMEOUT=30s`).
///
/// # Panics
/// When it does not hold.
pub fn values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.contains('\0') {
        return; // no word of a command line, and no variable, has one
    }
    for read in [values::duration, values::propagation] {
        again(text, read, |duration| humantime::format_duration(*duration).to_string());
        assert!(read(text).is_ok_and(|duration| duration <= YEAR) || read(text).is_err());
    }
    again(text, values::port, ToString::to_string);
    again(text, values::socket_address, ToString::to_string);
    again(text, values::socket_path, |path| path.display().to_string());
    again(text, values::exit_code_pair, |(own, told)| format!("{own}={told}"));
    again(text, values::stop_signal, ToString::to_string);
    assert!(
        values::stop_signal(text).is_ok_and(Signal::is_forwardable) || values::stop_signal(text).is_err()
    );
    again(text, values::signal_translation, |(received, sent)| format!("{received}={sent}"));
    #[cfg(feature = "trial")]
    values_of_a_trial(text);
}

#[cfg(feature = "trial")]
fn values_of_a_trial(text: &str) {
    use super::trial::values::{Rate, every, path, rate, signal, supervisor, time, url, workers};
    again(text, rate, |rate| match rate {
        Rate::Auto => "auto".to_owned(),
        Rate::PerSecond(number) => format!("{number}/s"),
    });
    again(text, time, |time| humantime::format_duration(*time).to_string());
    again(text, url, |url| format!("http://{url}{}", url.path));
    again(text, path, Clone::clone);
    again(text, every, ToString::to_string);
    again(text, workers, ToString::to_string);
    again(text, signal, |signal| signal.as_str().to_owned());
    again(text, supervisor, |supervisor| {
        shlex::try_join(supervisor.0.iter().map(String::as_str)).expect("no zero byte")
    });
    if let Ok(path) = path(text) {
        assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "it can end a request line: {path:?}");
    }
}

/// A whole command line, its words ended by zero bytes: it is understood, or refused with what is wrong.
///
/// # Panics
/// When it does not hold.
pub fn command_line(bytes: &[u8]) {
    // Made once, for that takes longer than all that is read by it.
    thread_local!(static COMMAND: RefCell<clap::Command> = RefCell::new(Cli::command()));
    let words = bytes.split(|byte| *byte == 0).map(OsStr::from_bytes);
    let words = [OsStr::new("lameduck")].into_iter().chain(words);
    let matches = COMMAND.with_borrow_mut(|command| command.try_get_matches_from_mut(words));
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => assert!(!format!("{cli:?}").is_empty()),
        Err(error) => assert!(!error.to_string().trim().is_empty()),
    }
}

/// The downward API's file: what Go quotes is read as it was, whatever stands around it, and what is not ours is no matter.
///
/// # Panics
/// When it does not hold.
pub fn annotations(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(ours) = file::ours(&text) {
        assert!(ours.len() <= text.lines().count());
    }
    if let Some(value) = quoted::unquote(&text) {
        assert!(value.len() <= text.len());
    }
    // A value of anything, between others of anything.
    let quoted = quoted_by_go(&text);
    assert_eq!(quoted::unquote(&quoted).as_deref(), Some(&*text));
    let file =
        format!("a={quoted}\nlameduck.dev/timeout={quoted}\nlameduck.dev/inject={quoted}\nb={quoted}\n");
    assert_eq!(file::ours(&file), Ok(vec![("timeout", text.into_owned())]));
}

/// strconv.Quote, which escapes more (strconv/quote.go): all but what is ASCII and can be printed.
fn quoted_by_go(text: &str) -> String {
    let escaped = |char: char| match char {
        '"' | '\\' => format!("\\{char}"),
        ' '..='~' => char.to_string(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\0'..='\x7f' => format!("\\x{:02x}", u32::from(char)),
        '\u{80}'..='\u{ffff}' => format!("\\u{:04x}", u32::from(char)),
        _ => format!("\\U{:08x}", u32::from(char)),
    };
    let inner: Vec<String> = text.chars().map(escaped).collect();
    format!("\"{}\"", inner.concat())
}
