//! `lameduck inject` and `lameduck uninject`: files and streams around `crate::inject`, which does it.
use super::text;
use crate::cli::{InjectArgs, TextArgs, UninjectArgs};
use crate::inject::{self, Outcome, Trouble};
use crate::telemetry::say;
use similar::TextDiff;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// The exit status when a manifest cannot be drained as asked.
const REFUSED: u8 = 1;
/// The exit status when the input cannot be read.
const MALFORMED: u8 = 2;

/// Runs `inject`.
///
/// # Errors
/// When the options contradict each other, or files and streams fail.
pub fn main(args: &InjectArgs) -> Result<ExitCode, String> {
    let options = args.options()?;
    filter(&args.text, |text| inject::inject(text, &options))
}

/// Runs `uninject`.
///
/// # Errors
/// When files and streams fail.
pub fn undo(args: &UninjectArgs) -> Result<ExitCode, String> {
    filter(&args.text, inject::uninject)
}

fn filter(args: &TextArgs, work: impl FnOnce(&str) -> Result<Outcome, Trouble>) -> Result<ExitCode, String> {
    let name = args.filename.display();
    let outcome = match text::read(&args.filename)? {
        Some(text) => work(&text).map(|outcome| (text, outcome)),
        None => Err(Trouble::Malformed(vec![text::NO_TEXT.to_owned()])),
    };
    let (before, outcome) = match outcome {
        Ok(outcome) => outcome,
        Err(trouble) => {
            let (status, sentences) = match trouble {
                Trouble::Malformed(sentences) => (MALFORMED, sentences),
                Trouble::Refused(sentences) => (REFUSED, sentences),
            };
            for sentence in sentences {
                say(format_args!("{name}: {sentence}"));
            }
            return Ok(status.into());
        }
    };
    for note in &outcome.notes {
        say(format_args!("note: {note}"));
    }
    let shown = if args.diff { diff(&before, &outcome.text, &args.filename) } else { outcome.text };
    let mut stdout = io::stdout().lock();
    let told = stdout.write_all(shown.as_bytes()).and_then(|()| stdout.flush());
    told.map_err(|error| format!("cannot write to standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

fn diff(before: &str, after: &str, filename: &Path) -> String {
    let name = if filename == Path::new("-") { "manifests".into() } else { filename.display().to_string() };
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(&name, &format!("{name} (lameduck)"))
        .to_string()
}
