//! HTTP/2 through a relay: bytes pass both ways as they are, and between two frames the client is sent away.
use super::super::answer::tell;
use super::super::client::Client;
use super::super::http2::{PREFACE, Streams, goaway};
use super::exchange::BUFFER_SIZE;
use super::farewell::{Farewell, Word};
use super::{Link, Passed};
use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, split};
use tokio::time::{Instant, Sleep, sleep_until};

/// Passes bytes both ways, first `proxy_header` and `bytes`, which begin with the preface, until the fellow closes or the
/// client, sent away, has no stream open. One that asks nothing is sent away after `silent_grace`.
pub async fn pass_http2(
    client: &mut Client,
    mut link: Link<'_>,
    proxy_header: &[u8],
    bytes: &[u8],
    silent_grace: Duration,
) -> Passed {
    let streams = Mutex::new(Streams::default());
    look(&streams).asked(bytes.get(PREFACE.len()..).unwrap_or_default());
    let first = [proxy_header, bytes].concat();
    let ended = {
        let (from_client, to_client) = split(&mut *client);
        let (from_fellow, to_fellow) = link.stream.split();
        let mut up = pin!(pass_up(from_client, to_fellow, &first, &streams));
        let mut down = pin!(pass_down(from_fellow, to_client, &streams, silent_grace));
        poll_fn(|context| {
            // What the client asks counts before what it may be told, and what the fellow says before that the client goes.
            let has_gone = up.as_mut().poll(context).is_ready();
            match down.as_mut().poll(context) {
                Poll::Pending if has_gone => Poll::Ready(Ended::Gone),
                ended => ended,
            }
        })
        .await
    };
    match ended {
        Ended::SentAway(last) if tell(client, &goaway(last)).await => Passed::Whole,
        Ended::Closed | Ended::Gone if look(&streams).are_all_answered() => Passed::Whole,
        Ended::Closed | Ended::Failed => Passed::Part,
        Ended::SentAway(_) | Ended::Gone => Passed::Gone,
    }
}

/// How the passing ended.
#[derive(Debug, Clone, Copy)]
enum Ended {
    /// The fellow has closed.
    Closed,
    /// The fellow's connection broke.
    Failed,
    /// The client has gone.
    Gone,
    /// Nothing behind this stream was passed, and all before is answered.
    SentAway(u32),
}

/// Ends when the client has gone; a fellow that reads no more may still answer.
async fn pass_up(
    mut client: impl AsyncRead + Unpin,
    mut fellow: impl AsyncWrite + Unpin,
    first: &[u8],
    streams: &Mutex<Streams>,
) {
    if fellow.write_all(first).await.is_err() {
        return pending().await;
    }
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        match client.read(&mut buffer).await {
            Ok(0) => {
                // The client has closed its half, and the fellow sees it.
                let _ = fellow.shutdown().await;
                return pending().await;
            }
            Err(_) => return,
            Ok(length) => {
                // Before: what was passed in part is not behind the last stream.
                look(streams).asked(&buffer[..length]);
                if fellow.write_all(&buffer[..length]).await.is_err() {
                    return pending().await;
                }
            }
        }
    }
}

async fn pass_down(
    mut fellow: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    streams: &Mutex<Streams>,
    silent_grace: Duration,
) -> Ended {
    let mut buffer = vec![0; BUFFER_SIZE];
    let mut farewell = Farewell::new(Instant::now(), silent_grace);
    let mut timer = pin!(sleep_until(Instant::now()));
    loop {
        let next = poll_fn(|context| {
            poll_next(
                context,
                &mut fellow,
                &mut buffer,
                || farewell.next(&look(streams), Instant::now()),
                timer.as_mut(),
            )
        });
        let written = match next.await {
            Next::Bytes(Ok(0)) => return Ended::Closed,
            Next::Bytes(Err(_)) => return Ended::Failed,
            Next::Bytes(Ok(length)) => {
                look(streams).answered(&buffer[..length]);
                client.write_all(&buffer[..length]).await
            }
            Next::Word(Word::Last(last)) => return Ended::SentAway(last),
            Next::Word(word @ Word::Warning) => {
                farewell.warned(Instant::now());
                client.write_all(&goaway(word.last())).await
            }
        };
        if written.is_err() {
            return Ended::Gone;
        }
    }
}

/// Held for no longer than it takes: both directions look at them.
fn look(streams: &Mutex<Streams>) -> MutexGuard<'_, Streams> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the client is passed, or told, next.
enum Next {
    /// So many bytes of the fellow's.
    Bytes(io::Result<usize>),
    /// A word of ours.
    Word(Word),
}

/// The fellow's bytes, or a word when its time has come. Asked anew at each poll: what the client says changes it.
fn poll_next(
    context: &mut Context<'_>,
    fellow: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    word: impl FnOnce() -> Option<(Instant, Word)>,
    mut timer: Pin<&mut Sleep>,
) -> Poll<Next> {
    let mut buffer = ReadBuf::new(buffer);
    if let Poll::Ready(read) = Pin::new(fellow).poll_read(context, &mut buffer) {
        return Poll::Ready(Next::Bytes(read.map(|()| buffer.filled().len())));
    }
    let Some((at, word)) = word() else { return Poll::Pending };
    if timer.deadline() != at {
        timer.as_mut().reset(at);
    }
    ready!(timer.poll(context));
    Poll::Ready(Next::Word(word))
}
