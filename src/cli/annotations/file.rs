//! The file that a downward API volume makes of `metadata.annotations`: `KEY="VALUE"`, one a line (FormatMap,
//! pkg/fieldpath/fieldpath.go in Kubernetes).
use super::quoted::unquote;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// What the keys of ours begin with.
pub const PREFIX: &str = "lameduck.dev/";
/// Keys of ours that are for those who make the pod, not for who runs in it.
const RESERVED: [&str; 2] = ["inject", "injected"];
/// More than there can be, bytes: all keys and values are 256 KiB at most (TotalAnnotationSizeLimitB,
/// apimachinery/pkg/api/validation/objectmeta.go), four times as many when each is escaped, and as many again.
const LONGEST: u64 = 2 << 20;

/// Its text.
///
/// # Errors
/// When it cannot be read, or is not what it should be.
pub fn read(file: &Path) -> io::Result<String> {
    // What is opened by mistake may keep its reader waiting.
    if !std::fs::metadata(file)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = String::new();
    File::open(file)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "it is longer than the annotations of a pod are",
        ));
    }
    Ok(text)
}

/// Those that are for us: the key without its prefix, and the value. What others have written is no matter.
///
/// # Errors
/// The number of the line that cannot be read.
pub fn ours(text: &str) -> Result<Vec<(&str, String)>, usize> {
    let mut ours = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(line) = line.strip_prefix(PREFIX) else { continue };
        let read = line.split_once('=').and_then(|(key, value)| Some((key, unquote(value)?)));
        let (key, value) = read.ok_or(number + 1)?;
        if !RESERVED.contains(&key) {
            ours.push((key, value));
        }
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_annotations_of_many_then_those_for_the_program_are_taken() {
        let text = concat!(
            "kubectl.kubernetes.io/last-applied-configuration=\"{\\\"lameduck.dev/timeout\\\":\\\"1s\\\"}\\n\"\n",
            "lameduck.dev/inject=\"run\"\n",
            "lameduck.dev/port=\"8000,8001\"\n",
            "lameduck.dev/timeout=\"40s\"\n",
            "lameduck.dev.example/timeout=\"2s\"\n",
            "somebody else's line"
        );
        let taken = [("port", "8000,8001".to_owned()), ("timeout", "40s".to_owned())];
        assert_eq!(ours(text), Ok(taken.to_vec()));
        assert_eq!(ours(""), Ok(Vec::new()), "a pod without annotations");
    }

    #[test]
    fn given_a_line_of_ours_that_nobody_can_read_then_it_is_told() {
        for line in ["lameduck.dev/timeout=40s", "lameduck.dev/timeout", "lameduck.dev/timeout=\"40s"] {
            assert_eq!(ours(&format!("a=\"b\"\n{line}\n")), Err(2), "{line}");
        }
    }
}
