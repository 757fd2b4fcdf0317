//! One exchange: the request up to the fellow, its answer down to the client, both as they come.
use super::super::body::Body;
use super::super::client::Client;
use super::super::request::Head;
use super::Link;
use super::response::Response;
use super::rewrite::asking_for_the_close;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::TcpStream;

/// Of each side so much is held at most before the other has taken it.
pub(super) const BUFFER_SIZE: usize = 8 * 1024;
/// What a client sends behind its request is read away up to so much; what is more has to wait.
const LONGEST_BEHIND: usize = 16 * 1024 * 1024;

/// How far the answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// To its end.
    Whole,
    /// Not to its end: the fellow failed.
    Part,
    /// Not a byte of it: the fellow failed.
    Nothing,
    /// The client went before.
    Gone,
}

/// Passes a request on, which begins with `bytes`, behind this header, and its answer back. `body` then tells what of the request has not
/// come yet.
pub async fn pass_request(
    client: &mut Client,
    mut link: Link<'_>,
    proxy_header: &[u8],
    head: &Head,
    bytes: &[u8],
    body: &mut Body,
) -> Passed {
    let mut first = [proxy_header, &asking_for_the_close(bytes, head)].concat();
    let behind = &bytes[head.length..];
    let Ok(of_body) = body.take(behind) else { return Passed::Gone };
    first.extend_from_slice(&behind[..of_body]);
    let mut response = Response::to(&head.method);
    let mut request =
        Request { first: &first, body, held: head.upgrades.then(|| behind[of_body..].to_vec()) };
    let passed = exchange(client, &mut link.stream, &mut request, &mut response).await;
    let held = request.held.take();
    if !response.is_switched() {
        return passed;
    }
    pass_bytes(client, &mut link.stream, &held.unwrap_or_default()).await
}

/// Passes bytes both ways, first these, until the fellow closes. Where the client goes after it has heard something, and
/// many a protocol ends so, nobody can tell that it has not heard all.
pub async fn pass_bytes(client: &mut Client, fellow: &mut TcpStream, first: &[u8]) -> Passed {
    let mut request = Request { first, body: &mut Body::UntilClose, held: None };
    let mut response = Response::until_close();
    match exchange(client, fellow, &mut request, &mut response).await {
        Passed::Gone if response.has_begun() => Passed::Whole,
        passed => passed,
    }
}

/// What goes up.
struct Request<'bytes> {
    first: &'bytes [u8],
    /// What is still to come of it.
    body: &'bytes mut Body,
    /// What came behind it, where that may belong to another protocol; else it is read away.
    held: Option<Vec<u8>>,
}

async fn exchange(
    client: &mut Client,
    fellow: &mut TcpStream,
    request: &mut Request<'_>,
    response: &mut Response,
) -> Passed {
    let (from_client, to_client) = split(client);
    let (from_fellow, to_fellow) = fellow.split();
    let mut up = pin!(pass_up(from_client, to_fellow, request));
    let mut down = pin!(pass_down(from_fellow, to_client, response));
    poll_fn(|context| {
        // What the fellow has said counts before what the client does.
        if let Poll::Ready(passed) = down.as_mut().poll(context) {
            return Poll::Ready(passed);
        }
        up.as_mut().poll(context).map(|()| Passed::Gone)
    })
    .await
}

/// Ends when the client has gone; a fellow that reads no more may still answer.
async fn pass_up(
    mut client: impl AsyncRead + Unpin,
    mut fellow: impl AsyncWrite + Unpin,
    request: &mut Request<'_>,
) {
    if fellow.write_all(request.first).await.is_err() {
        return pending().await;
    }
    let mut buffer = Vec::new();
    while !request.body.is_over() {
        buffer.resize(BUFFER_SIZE, 0);
        match client.read(&mut buffer).await {
            Ok(0) if *request.body == Body::UntilClose => {
                // The client has closed its half, and the fellow sees it.
                let _ = fellow.shutdown().await;
                return pending().await;
            }
            Ok(0) | Err(_) => return,
            Ok(length) => {
                let Ok(of_body) = request.body.take(&buffer[..length]) else { return };
                if let Some(held) = &mut request.held {
                    held.extend_from_slice(&buffer[of_body..length]);
                }
                if fellow.write_all(&buffer[..of_body]).await.is_err() {
                    return pending().await;
                }
            }
        }
    }
    if request.held.is_some() {
        return pending().await;
    }
    let mut left = LONGEST_BEHIND;
    buffer.resize(BUFFER_SIZE, 0);
    while left > 0 {
        match client.read(&mut buffer).await {
            Ok(length @ 1..) => left = left.saturating_sub(length),
            // It has closed its half, and may wait for the answer still.
            Ok(0) => break,
            Err(_) => return,
        }
    }
    pending::<()>().await;
}

async fn pass_down(
    mut fellow: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    response: &mut Response,
) -> Passed {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        match fellow.read(&mut buffer).await {
            Ok(length @ 1..) => {
                let of_response = response.take(&buffer[..length]);
                if client.write_all(&buffer[..of_response]).await.is_err() {
                    return Passed::Gone;
                }
                if response.is_over() || response.is_switched() {
                    return Passed::Whole;
                }
            }
            Ok(0) if response.is_whole_at_close() => return Passed::Whole,
            Ok(0) | Err(_) if response.has_begun() => return Passed::Part,
            Ok(0) | Err(_) => return Passed::Nothing,
        }
    }
}
