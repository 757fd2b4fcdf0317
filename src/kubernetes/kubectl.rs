//! kubectl, as whoever runs lameduck has it: its contexts, its proxies and the programs by which it fetches tokens are its own affair.
//! What it says is bounded in size; whoever waits no longer ends it by letting go.
use super::Refusal;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The longest answer that is read, bytes: a List of some thousand objects.
const LONGEST: u64 = 32 << 20;
/// The longest complaint that is read, bytes, and how much of it is told.
const LONGEST_COMPLAINT: u64 = 16 << 10;
const TOLD: usize = 400;
/// What it calls a status of HTTP (`StandardErrorMessage` and `checkErr` in pkg/cmd/util/helpers.go).
const STATUSES: [(&str, u16); 4] = [
    ("Error from server (NotFound): ", 404),
    ("Error from server (Forbidden): ", 403),
    ("Error from server (Unauthorized): ", 401),
    ("error: You must be logged in to the server", 401),
];

/// Why it was of no use.
#[derive(Debug)]
pub enum Useless {
    /// It is not there: a sentence.
    Missing(String),
    /// What it says.
    Refused(Refusal),
}

/// The program.
#[derive(Debug)]
pub struct Kubectl {
    program: OsString,
    /// For one request.
    within: Duration,
}

impl Kubectl {
    /// `$KUBECTL`, or the one in PATH.
    #[must_use]
    pub fn new(within: Duration) -> Self {
        let named = std::env::var_os("KUBECTL").filter(|name| !name.is_empty());
        Self::at(named.unwrap_or_else(|| "kubectl".into()), within)
    }

    /// This one.
    #[must_use]
    pub fn at(program: OsString, within: Duration) -> Self {
        Self { program, within }
    }

    /// What it writes; `input` is what it reads.
    ///
    /// # Errors
    /// When it is not there, fails, or writes too much.
    pub async fn run(&self, arguments: &[&str], input: Option<&str>) -> Result<Vec<u8>, Useless> {
        let other = |text: String| Useless::Refused(Refusal::Other(text));
        let name = self.program.display();
        let mut child = Command::new(&self.program)
            .arg(format!("--request-timeout={}s", self.within.as_secs().max(1)))
            .args(arguments)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => Useless::Missing(format!("there is no {name}")),
                _ => other(format!("{name} cannot be started: {error}")),
            })?;
        let stdin = child.stdin.take();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let write = async move {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // Whoever does not read it says why.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let (written, complaint, ()) =
            tokio::join!(read(stdout, LONGEST), read(stderr, LONGEST_COMPLAINT), write);
        let status = child.wait().await.map_err(|error| other(format!("{name}: {error}")))?;
        if u64::try_from(written.len()).is_ok_and(|length| length > LONGEST) {
            return Err(other(format!("{name} has written more than {LONGEST} bytes")));
        }
        if status.success() {
            return Ok(written);
        }
        Err(Useless::Refused(complained(name, status, &complaint)))
    }
}

/// What has been wrong: the API server's word, if it was the API server, or kubectl's own, of which [`TOLD`] bytes are told.
fn complained(name: impl Display, status: impl Display, complaint: &[u8]) -> Refusal {
    let said = String::from_utf8_lossy(complaint);
    refusal(&said).unwrap_or_else(|| {
        let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        let said = said.join("; ");
        let said = &said[..said.floor_char_boundary(TOLD)];
        Refusal::Other(if said.is_empty() {
            format!("{name} has failed without a word: {status}")
        } else {
            format!("{name}: {said}")
        })
    })
}

/// One byte more than is wanted tells that there was more. What cannot be read ends there.
async fn read(from: Option<impl AsyncRead + Unpin>, longest: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let _ = from.take(longest + 1).read_to_end(&mut bytes).await;
    }
    bytes
}

/// What the API server has said, if it was the API server.
fn refusal(said: &str) -> Option<Refusal> {
    said.lines().find_map(|line| {
        let (status, text) =
            STATUSES.iter().find_map(|(words, status)| Some((*status, line.strip_prefix(words)?.trim())))?;
        // Whoever it is and whatever it was: who has asked knows.
        let text = if status == 403 { "you may not" } else { text };
        (!text.is_empty()).then(|| Refusal::Status(status, text.to_owned()))
    })
}

/// What must hold of whatever kubectl complains of ([`crate::readers`]).
#[cfg(any(test, fuzzing))]
pub(crate) mod readers {
    use super::{Refusal, TOLD, complained};

    /// It is told in one line, which is never empty, and never long but where it is the API server's own word; and that is the first
    /// such word, whatever stands behind it.
    ///
    /// # Panics
    /// When it does not hold.
    pub fn kubectl_complaint(bytes: &[u8]) {
        let told = |bytes: &[u8]| complained("kubectl", "exit status: 1", bytes);
        match told(bytes) {
            Refusal::Other(text) => {
                assert!(is_line(&text) && text.len() <= TOLD + 50, "{text:?}");
                let denied = [b"Error from server (NotFound): a\n", bytes].concat();
                assert!(matches!(told(&denied), Refusal::Status(404, word) if word == "a"));
            }
            Refusal::Status(status, word) => {
                assert!([401, 403, 404].contains(&status), "{status}");
                assert!(is_line(&word), "{status}: {word:?}");
            }
        }
    }

    fn is_line(text: &str) -> bool {
        !text.trim().is_empty() && !text.contains('\n')
    }
}
