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
/// A body is made and written in blocks of so many bytes, a multiple of its period.
const BLOCK: u64 = 251 * 256;
/// The byte at offset k is k modulo this ([`Body`]).
const PERIOD: u64 = 251;

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
    // Whatever the offset, it begins within the first period of one block.
    let skipped = begin % PERIOD;
    let size = length.min(BLOCK);
    #[allow(clippy::cast_possible_truncation)] // below 251
    let block: Vec<u8> = (skipped..skipped + size).map(|offset| (offset % PERIOD) as u8).collect();
    let mut left = length;
    while left > 0 {
        // No more than a block, which is in memory.
        let now = usize::try_from(left.min(size)).unwrap_or(block.len());
        to.write_all(&block[..now]).await?;
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
