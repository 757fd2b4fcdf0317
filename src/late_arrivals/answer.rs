//! The answer that a request was not processed, and the close behind it without a reset.
//!
//! A close with unread bytes becomes a reset, which can overtake the answer (RFC 9112, section 9.6): so the request is
//! read first, then comes the answer and our half of the close, and then all the client still sends is read away.
use super::client::Client;
use super::request::Head;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

/// The answer: not processed, and worth trying again at once, elsewhere (RFC 9110, sections 15.6.4 and 10.2.3).
pub const RESPONSE: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 96\r\n\
    Retry-After: 1\r\n\
    Connection: close\r\n\
    \r\n\
    This server is stopping. Your request was not processed; send it again and another will answer.\n";

/// The answer when a fellow had the request and failed: whether it was processed nobody can tell, and it is one that
/// must not be sent twice (RFC 9110, sections 9.2.2 and 15.6.3).
pub const RELAY_FAILED: &str = "HTTP/1.1 502 Bad Gateway\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 92\r\n\
    Connection: close\r\n\
    \r\n\
    This server is stopping. The one that took your request failed; it may have been processed.\n";

/// After the answer a client has so long to close, or to go on sending what nobody will process, ...
const LINGER: Duration = Duration::from_secs(2);
/// ... up to so much.
const LONGEST_LINGER: usize = 16 * 1024 * 1024;

/// Sends an answer; that to HEAD has no body (RFC 9110, section 9.3.2). `false`: the client has gone.
pub async fn answer(client: &mut Client, response: &str, head: Option<&Head>) -> bool {
    let is_head = head.is_some_and(|head| head.method == "HEAD");
    let response = if is_head { without_body(response) } else { response };
    tell(client, response.as_bytes()).await
}

/// Sends these bytes. `false`: the client has gone, or does not read.
pub async fn tell(client: &mut Client, bytes: &[u8]) -> bool {
    matches!(timeout(LINGER, client.write_all(bytes)).await, Ok(Ok(())))
}

/// Closes our half, reads away what the client still sends until it closes, and ends the connection.
pub async fn close(mut client: Client) {
    let end = Instant::now() + LINGER;
    if timeout_at(end, client.shutdown()).await.is_ok() {
        let _ = timeout_at(end, discard(&mut client)).await;
    }
    client.end();
}

async fn discard(client: &mut Client) {
    let mut left = LONGEST_LINGER;
    while let Ok(length @ 1..) = client.read(|_| ()).await {
        let Some(rest) = left.checked_sub(length) else { return };
        left = rest;
    }
}

fn without_body(response: &str) -> &str {
    response.find("\r\n\r\n").map_or(response, |end| &response[..end + 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_are_as_long_as_they_say() {
        for response in [RESPONSE, RELAY_FAILED] {
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
        }
    }

    #[test]
    fn without_its_body_the_answer_is_its_head() {
        assert!(RESPONSE.starts_with(without_body(RESPONSE)));
        assert!(without_body(RESPONSE).ends_with("Connection: close\r\n\r\n"));
    }
}
