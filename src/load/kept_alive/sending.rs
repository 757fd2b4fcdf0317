//! Writes the requests of a burst: all heads in one write, or with bodies one after the other, in their pieces.
use super::burst::Burst;
use super::plan::{Body, Framing};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// How long a client waits for `100 Continue` before it sends the body without: as curl
/// (CURLOPT_EXPECT_100_TIMEOUT_MS); RFC 9110, section 10.1.1, leaves it open.
pub const EXPECTING: Duration = Duration::from_secs(1);
/// The byte at offset k is k modulo this ([`Body`]).
const PERIOD: usize = 251;
/// A body is written in blocks of so many bytes, a multiple of its period.
const BLOCK: usize = PERIOD * 64;
/// A block, from whatever offset in the period it begins.
static BYTES: [u8; BLOCK + PERIOD] = bytes();

#[allow(clippy::cast_possible_truncation)] // below 251
const fn bytes() -> [u8; BLOCK + PERIOD] {
    let mut bytes = [0; BLOCK + PERIOD];
    let mut offset = 0;
    while offset < bytes.len() {
        bytes[offset] = (offset % PERIOD) as u8;
        offset += 1;
    }
    bytes
}

/// Sends every request of the burst.
///
/// # Errors
/// When the connection takes no more.
pub async fn send(burst: &Burst<'_>, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let requests = burst.plan.pipeline.get();
    let Some(body) = &burst.plan.body else {
        let heads: Vec<u8> = (0..requests).flat_map(|_| burst.plan.head(burst.begin())).collect();
        to.write_all(&heads).await?;
        (0..requests).for_each(|index| burst.sent(index));
        return Ok(());
    };
    for index in 0..requests {
        let head = burst.plan.head(burst.begin());
        to.write_all(&head).await?;
        if body.expect_continue {
            // Silence is leave to go on.
            let _ = timeout(EXPECTING, burst.told_to_continue(index)).await;
        }
        send_body(body, to).await?;
        burst.sent(index);
    }
    Ok(())
}

async fn send_body(body: &Body, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let chunked = body.framing == Framing::Chunked;
    for index in 0..body.pieces.get() {
        if index > 0 {
            sleep(body.pause).await;
        }
        let (begin, length) = body.piece(index);
        // A chunk of no bytes would be the last one.
        if length > 0 {
            if chunked {
                to.write_all(format!("{length:x}\r\n").as_bytes()).await?;
            }
            send_bytes(begin, length, to).await?;
            if chunked {
                to.write_all(b"\r\n").await?;
            }
        }
    }
    if chunked {
        to.write_all(b"0\r\n\r\n").await?;
    }
    Ok(())
}

/// Sends `length` bytes of a body from offset `begin` on.
async fn send_bytes(begin: u64, length: u64, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    // Below the period, and what is written is no more than a block: both fit.
    let within = usize::try_from(begin % PERIOD as u64).unwrap_or(0);
    let mut left = length;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        to.write_all(&BYTES[within..within + now]).await?;
        left -= now as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    proptest! {
        #[test]
        fn the_bytes_are_those_of_their_offsets_and_chunks_hold_the_same(
            length in 0_u64..200_000,
            pieces in 1_u32..9,
        ) {
            let pieces = NonZeroU32::new(pieces).unwrap();
            let fixed = Body { length, pieces, pause: Duration::ZERO, framing: Framing::Length, expect_continue: false };
            let chunked = Body { framing: Framing::Chunked, ..fixed };
            let written = |body: Body| {
                let mut bytes = Vec::new();
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(send_body(&body, &mut bytes)).unwrap();
                bytes
            };
            let whole = written(fixed);
            prop_assert_eq!(whole.len() as u64, length);
            prop_assert!(whole.iter().zip((0..251).cycle()).all(|(byte, expected)| *byte == expected));

            let mut rest = written(chunked);
            let mut read = Vec::new();
            while let httparse::Status::Complete((line, size)) = httparse::parse_chunk_size(&rest).unwrap() {
                let size = usize::try_from(size).unwrap();
                read.extend_from_slice(&rest[line..line + size]);
                prop_assert_eq!(&rest[line + size..line + size + 2], b"\r\n");
                rest.drain(..line + size + 2);
                if size == 0 { break }
            }
            prop_assert!(read == whole && rest.is_empty());
        }
    }
}
