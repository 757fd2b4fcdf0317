//! Where the body of an HTTP/1.1 message ends: its framing, in whatever pieces the bytes come.
//!
//! Pure: bytes in, state out. The rules are those of RFC 9112, section 6.3.
use httparse::{EMPTY_HEADER, Header, Status};

/// The longest head, chunk line or trailer that is waited for, in bytes.
pub(crate) const LONGEST_HEAD: usize = 64 * 1024;
/// The most header fields in one head.
pub(crate) const MOST_FIELDS: usize = 128;

/// Not a message of HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// So many bytes.
    Length(u64),
    /// A line with the size of the next chunk.
    ChunkLine,
    /// So many bytes of the chunk.
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    /// The fields behind the last chunk.
    Trailer,
    /// Whatever comes, until the connection is closed.
    UntilClose,
    /// Nothing.
    Whole,
}

impl Rest {
    /// The body of a response with these header fields.
    ///
    /// # Errors
    /// When its length cannot be told.
    pub fn of_response(fields: &[Header<'_>]) -> Result<Self, Malformed> {
        Ok(match coding(fields) {
            Some(Coding::Chunked) => Self::ChunkLine,
            Some(Coding::Other) => Self::UntilClose,
            None => length(fields)?.map_or(Self::UntilClose, Self::of_length),
        })
    }

    /// The body of a request with these header fields: without a length there is none.
    ///
    /// # Errors
    /// When its length cannot be told.
    pub fn of_request(fields: &[Header<'_>]) -> Result<Self, Malformed> {
        match coding(fields) {
            Some(Coding::Chunked) => Ok(Self::ChunkLine),
            Some(Coding::Other) => Err(Malformed),
            None => Ok(Self::of_length(length(fields)?.unwrap_or(0))),
        }
    }

    fn of_length(length: u64) -> Self {
        if length == 0 { Self::Whole } else { Self::Length(length) }
    }

    /// Drops from the front of `bytes` what belongs to the body, and says what is still to come.
    ///
    /// # Errors
    /// When the bytes cannot be part of a body.
    pub fn after(mut self, bytes: &mut Vec<u8>) -> Result<Self, Malformed> {
        loop {
            let before = (self, bytes.len());
            self = match self {
                Self::Length(left) => skip(bytes, left).map_or(Self::Whole, Self::Length),
                Self::ChunkLine => chunk_line(bytes)?,
                Self::Chunk(left) => skip(bytes, left).map_or(Self::ChunkEnd, Self::Chunk),
                Self::ChunkEnd => chunk_end(bytes)?,
                Self::Trailer => trailer(bytes)?,
                Self::UntilClose => {
                    bytes.clear();
                    self
                }
                Self::Whole => return Ok(self),
            };
            if before == (self, bytes.len()) {
                return if bytes.len() > LONGEST_HEAD { Err(Malformed) } else { Ok(self) };
            }
        }
    }
}

/// The last of the transfer codings.
enum Coding {
    Chunked,
    Other,
}

fn coding(fields: &[Header<'_>]) -> Option<Coding> {
    let codings = named(fields, "transfer-encoding").next_back()?.trim_ascii_end().to_ascii_lowercase();
    Some(if codings.ends_with(b"chunked") { Coding::Chunked } else { Coding::Other })
}

fn length(fields: &[Header<'_>]) -> Result<Option<u64>, Malformed> {
    let mut lengths = named(fields, "content-length").map(|value| {
        // Digits only: u64's own reader would take a plus sign too.
        let text = std::str::from_utf8(value.trim_ascii()).map_err(|_| Malformed)?;
        if text.starts_with('+') { Err(Malformed) } else { text.parse::<u64>().map_err(|_| Malformed) }
    });
    let Some(first) = lengths.next().transpose()? else { return Ok(None) };
    for other in lengths {
        if other? != first {
            return Err(Malformed);
        }
    }
    Ok(Some(first))
}

/// The values of the fields of this name, in lower case.
pub(crate) fn named<'a>(
    fields: &'a [Header<'a>],
    name: &'static str,
) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

/// Whether one of the comma-separated words of the fields of this name is `word`.
pub(crate) fn has_word(fields: &[Header<'_>], name: &'static str, word: &str) -> bool {
    named(fields, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

fn chunk_line(bytes: &mut Vec<u8>) -> Result<Rest, Malformed> {
    let Status::Complete((length, size)) = httparse::parse_chunk_size(bytes).map_err(|_| Malformed)? else {
        return Ok(Rest::ChunkLine);
    };
    bytes.drain(..length);
    Ok(if size == 0 { Rest::Trailer } else { Rest::Chunk(size) })
}

fn chunk_end(bytes: &mut Vec<u8>) -> Result<Rest, Malformed> {
    if bytes.len() < 2 {
        return Ok(Rest::ChunkEnd);
    }
    if !bytes.starts_with(b"\r\n") {
        return Err(Malformed);
    }
    bytes.drain(..2);
    Ok(Rest::ChunkLine)
}

fn trailer(bytes: &mut Vec<u8>) -> Result<Rest, Malformed> {
    let mut fields = [EMPTY_HEADER; MOST_FIELDS];
    let Status::Complete((length, _)) = httparse::parse_headers(bytes, &mut fields).map_err(|_| Malformed)?
    else {
        return Ok(Rest::Trailer);
    };
    bytes.drain(..length);
    Ok(Rest::Whole)
}

/// Drops up to `left` bytes; what is left then, or none.
fn skip(bytes: &mut Vec<u8>, left: u64) -> Option<u64> {
    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
    bytes.drain(..here);
    match left - here as u64 {
        0 => None,
        left => Some(left),
    }
}
