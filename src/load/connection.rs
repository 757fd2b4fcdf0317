//! One connection: connect, pause, send one request, read the whole answer, close.
use super::Request;
use super::response::Response;
use super::verdict::{Cause, Failure, Phase, Verdict};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
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
    // A timeout beyond the clock is none that anybody waits for: a century.
    let century = std::time::Duration::from_hours(24 * 365 * 100);
    let deadline = started + request.timeout.saturating_add(request.pause).min(century);

    let mut stream = within(deadline, Phase::Connect, TcpStream::connect(request.target)).await?;

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

async fn read(
    stream: &mut TcpStream,
    deadline: Instant,
    note: &mut impl FnMut(Phase),
) -> Result<u16, Verdict> {
    let mut response = Response::default();
    let mut buffer = [0; 4 * 1024];
    let mut phase = Phase::Wait;
    loop {
        let length = within(deadline, phase, stream.read(&mut buffer)).await?;
        if length == 0 {
            return response.close().ok_or(failed(phase, Cause::Closed));
        }
        if phase == Phase::Wait {
            phase = Phase::Response;
            note(phase);
        }
        if let Some(status) = response.feed(&buffer[..length]).map_err(|_| failed(phase, Cause::Malformed))? {
            return Ok(status);
        }
    }
}

/// The outcome of `step`, or the verdict that it failed or was not over at `deadline`.
async fn within<T>(
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

fn failed(phase: Phase, cause: Cause) -> Verdict {
    Verdict::Failed(Failure { phase, cause })
}
