//! The clients of another program: it makes the connections, in whatever protocol, and tells of each by lines.
use super::UnderWay;
use super::book::Book;
use super::connection::failed;
use super::verdict::{Cause, Phase, Verdict};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Connections that another program makes.
#[derive(Debug)]
pub enum Told {}

/// The first line that was not understood, once there was one.
pub type NotUnderstood = Arc<OnceLock<String>>;

/// A line: what became of connection K, the program's own number.
#[derive(Debug, PartialEq)]
enum Line {
    /// `begin K`
    Begin(u64),
    /// `sent K`
    Sent(u64),
    /// `end K STATUS` and `end K PHASE_CAUSE`
    End(u64, Ending),
}

#[derive(Debug, PartialEq)]
enum Ending {
    Answered(u16),
    Without(Verdict),
}

impl Told {
    /// Reads the lines `from` the program until it says no more. `going` is dropped when it shall begin no more.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    pub fn start(
        from: impl AsyncRead + Unpin + Send + 'static,
        going: impl Send + 'static,
    ) -> (UnderWay, NotUnderstood) {
        let wrong = NotUnderstood::default();
        let first = Arc::clone(&wrong);
        let load = UnderWay::start(|book, mut stopped| async move {
            let mut helpers = JoinSet::new();
            helpers.spawn(async move {
                let _ = stopped.wait_for(|stop| *stop).await;
                drop(going);
            });
            let mut lines = BufReader::new(from).lines();
            let mut open = HashMap::new();
            while let Ok(Some(text)) = lines.next_line().await {
                if text.parse().ok().and_then(|line| enter(&book, &mut open, line)).is_none() {
                    let _ = first.set(text);
                }
            }
        });
        (load, wrong)
    }
}

/// Keeps the book of it. None: of a connection that has not begun, or has ended.
fn enter(book: &Book, open: &mut HashMap<u64, (u64, Instant)>, line: Line) -> Option<()> {
    match line {
        Line::Begin(number) => {
            let place = book.begin(Phase::Connect, false);
            open.insert(number, (place, Instant::now())).is_none().then_some(())
        }
        Line::Sent(number) => {
            book.note(open.get(&number)?.0, Phase::Wait);
            Some(())
        }
        Line::End(number, ending) => {
            let (place, begun) = open.remove(&number)?;
            let verdict = match ending {
                Ending::Answered(status) => Verdict::Answered { status, latency: begun.elapsed() },
                Ending::Without(verdict) => verdict,
            };
            book.end(place, verdict);
            Some(())
        }
    }
}

impl std::str::FromStr for Line {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let number = |word: &str| word.parse().map_err(|_| ());
        match words[..] {
            ["begin", of] => Ok(Self::Begin(number(of)?)),
            ["sent", of] => Ok(Self::Sent(number(of)?)),
            ["end", of, result] => Ok(Self::End(number(of)?, ending(result).ok_or(())?)),
            _ => Err(()),
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(super) fn is_understood(line: &str) -> bool {
    line.parse::<Line>().is_ok()
}

/// A status, or where and why there is none, by the names that reports use.
fn ending(result: &str) -> Option<Ending> {
    if let Ok(status @ 200..=599) = result.parse() {
        return Some(Ending::Answered(status));
    }
    let (phase, cause) = result.split_once('_')?;
    let phase = match phase {
        "connect" => Phase::Connect,
        "send" => Phase::Send,
        "wait" => Phase::Wait,
        "response" => Phase::Response,
        _ => return None,
    };
    Some(Ending::Without(match cause {
        "refused" => failed(phase, Cause::Refused),
        "reset" => failed(phase, Cause::Reset),
        "closed" => failed(phase, Cause::Closed),
        "timed_out" => failed(phase, Cause::TimedOut),
        "malformed" => failed(phase, Cause::Malformed),
        other => {
            let errno = other.strip_prefix("errno_")?.parse().ok()?;
            Verdict::on_error(phase, &io::Error::from_raw_os_error(errno))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::super::verdict::Class;
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;

    fn classes(lines: &[&str]) -> (Vec<Class>, Option<String>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (ours, mut program) = UnixStream::pair().unwrap();
            let (going, mut told_to_end) = UnixStream::pair().unwrap();
            let (load, wrong) = Told::start(ours, going);
            program.write_all((lines.join("\n") + "\n").as_bytes()).await.unwrap();
            load.stop();
            // As a program does whose stdin has ended.
            tokio::io::AsyncReadExt::read_to_end(&mut told_to_end, &mut Vec::new()).await.unwrap();
            drop(program);
            let outcomes = load.finish(Duration::from_secs(30)).await;
            let classes = outcomes.iter().map(|outcome| outcome.verdict.class()).collect();
            (classes, wrong.get().cloned())
        })
    }

    #[test]
    fn given_endings_then_each_is_judged_as_our_own_clients_would_be() {
        let cases = [
            ("200", Class::Answered),
            ("503", Class::AnsweredLate),
            ("404", Class::OtherAnswer),
            ("connect_refused", Class::Refused),
            ("connect_errno_111", Class::Refused),
            ("connect_errno_24", Class::NotTried),
            ("wait_errno_104", Class::Lost),
            ("send_closed", Class::Lost),
            ("response_timed_out", Class::Lost),
        ];
        for (ending, class) in cases {
            let end = format!("end 7 {ending}");
            assert_eq!(classes(&["begin 7", "sent 7", &end]), (vec![class], None), "{ending}");
        }
    }

    #[test]
    fn given_a_program_that_ends_with_a_connection_open_then_that_one_is_lost() {
        assert_eq!(classes(&["begin 0", "begin 1", "end 1 200"]).0, [Class::Lost, Class::Answered]);
    }

    #[test]
    fn given_a_line_that_is_none_then_the_first_one_is_kept() {
        for wrong in ["end 3 200", "begin", "end 0 1000", "end 0 wait_bored", "end 0 later_reset", "hello"] {
            assert_eq!(classes(&["begin 0", wrong, "begin 0"]).1.as_deref(), Some(wrong));
        }
        assert_eq!(classes(&["begin 0", "begin 0"]).1.as_deref(), Some("begin 0"));
    }
}
