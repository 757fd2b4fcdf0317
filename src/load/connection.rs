//! One connection: connect, pause, send one request, read the whole answer, close.
use super::Request;
use super::reading::{self, Broken, Heard};
use super::verdict::{Cause, Failure, Phase, Verdict};
use crate::stream::Stream;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout_at};

/// Makes one connection and gives the verdict on it.
pub async fn ask(request: &Request) -> Verdict {
    ask_noting(request, |_| ()).await
}

/// As [`ask`]; `note` is told of each phase as it begins, so that a connection that is abandoned can be
/// judged by where it was.
pub(super) async fn ask_noting(request: &Request, mut note: impl FnMut(Phase)) -> Verdict {
    let started = Instant::now();
    note(Phase::Connect);
    match converse(request, started, &mut note).await {
        Ok(status) => Verdict::Answered { status, latency: started.elapsed().saturating_sub(request.pause) },
        Err(verdict) => verdict,
    }
}

async fn converse(request: &Request, started: Instant, note: &mut impl FnMut(Phase)) -> Result<u16, Verdict> {
    let deadline = after(started, request.timeout.saturating_add(request.pause));

    let mut stream = within(deadline, Phase::Connect, Stream::connect(&request.target)).await?;

    note(Phase::Send);
    sleep(request.pause).await;
    let sent = within(deadline, Phase::Send, stream.write_all(&request.bytes)).await;
    if sent.is_ok() {
        note(Phase::Wait);
    }
    match (read(&mut stream, deadline, note).await, sent) {
        // A server may answer before it has read the request, and close (RFC 9112, section 9.5).
        (Ok(status), _) => Ok(status),
        (Err(_), Err(not_sent)) => Err(not_sent),
        (Err(verdict), Ok(())) => Err(verdict),
    }
}

async fn read(stream: &mut Stream, deadline: Instant, note: &mut impl FnMut(Phase)) -> Result<u16, Verdict> {
    let heard = |heard| {
        if heard == Heard::Begun {
            note(Phase::Response);
        }
    };
    match reading::answer(stream, &[], deadline, heard).await {
        Ok(answer) => Ok(answer.status),
        Err(Broken { cause, begun }) => Err(failed(if begun { Phase::Response } else { Phase::Wait }, cause)),
    }
}

/// `start` and so much. What lies beyond the clock is nothing that anybody waits for: a century.
pub(super) fn after(start: Instant, time: Duration) -> Instant {
    start + time.min(Duration::from_hours(24 * 365 * 100))
}

/// The outcome of `step`, or the verdict that it failed or was not over at `deadline`.
pub(super) async fn within<T>(
    deadline: Instant,
    phase: Phase,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Verdict> {
    match timeout_at(deadline, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Verdict::on_error(phase, &error)),
        Err(_) => Err(failed(phase, Cause::TimedOut)),
    }
}

pub(super) fn failed(phase: Phase, cause: Cause) -> Verdict {
    Verdict::Failed(Failure { phase, cause })
}
