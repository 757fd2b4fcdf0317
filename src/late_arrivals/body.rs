//! Where a message's body ends (RFC 9112, sections 6 and 7): bytes in, in pieces of any size; how many of them are the
//! body's out.
use httparse::{Header, Status, parse_chunk_size};

/// A chunk's size line or a trailer field is no longer, with all its extensions.
const LONGEST_LINE: usize = 8 * 1024;

/// What is still to come of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// So many bytes; 0: none.
    Length(u64),
    /// Chunks.
    Chunked(Chunks),
    /// All until the connection closes.
    UntilClose,
}

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunks {
    /// In the line of a chunk's size, of which these bytes came.
    Size(Vec<u8>),
    /// In a chunk: so many bytes are left, the line's end behind it among them.
    Data(u64),
    /// In the trailer section: so many bytes of its line came.
    Trailer(usize),
    /// Behind all.
    Over,
}

/// The message does not say where it ends, or says it in two ways, or ends otherwise than it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclear;

impl Body {
    /// The framing that these headers tell; `None`: they tell none.
    ///
    /// # Errors
    /// When they contradict each other (RFC 9112, section 6.3), or no one can tell what they mean.
    pub fn told_by(headers: &[Header<'_>]) -> Result<Option<Self>, Unclear> {
        let named = |name: &'static str| {
            headers
                .iter()
                .filter(move |header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.trim_ascii())
        };
        let mut codings = named("transfer-encoding");
        let mut lengths = named("content-length");
        match (codings.next(), lengths.next()) {
            (None, None) => Ok(None),
            (Some(coding), None) if codings.next().is_none() && coding.eq_ignore_ascii_case(b"chunked") => {
                Ok(Some(Self::Chunked(Chunks::Size(Vec::new()))))
            }
            (None, Some(length)) if lengths.all(|other| other == length) => {
                let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
                let length = std::str::from_utf8(length).ok().filter(|_| digits);
                let length = length.and_then(|length| length.parse().ok()).ok_or(Unclear)?;
                Ok(Some(Self::Length(length)))
            }
            _ => Err(Unclear),
        }
    }

    /// What is to come of it behind these bytes, which have come; nothing, where they are no chunks although they should be.
    pub fn behind(mut self, bytes: &[u8]) -> Self {
        if self.take(bytes).is_err() { Self::Length(0) } else { self }
    }

    /// Whether all of it has come.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunks::Over))
    }

    /// Takes note of what came, and gives how many of these bytes are the body's; the rest is behind it.
    ///
    /// # Errors
    /// When they are no chunks although they should be.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, Unclear> {
        match self {
            Self::Length(left) => Ok(take_up_to(left, bytes)),
            Self::UntilClose => Ok(bytes.len()),
            Self::Chunked(chunks) => {
                let mut taken = 0;
                while taken < bytes.len() && *chunks != Chunks::Over {
                    taken += chunks.take(&bytes[taken..])?;
                }
                Ok(taken)
            }
        }
    }
}

impl Chunks {
    /// Takes a part of these bytes, at least one.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Unclear> {
        let line_end = bytes.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let of_line = line_end.unwrap_or(bytes.len());
        match self {
            Self::Size(line) => {
                line.extend_from_slice(&bytes[..of_line]);
                // httparse takes a line without digits for 0.
                if line.len() > LONGEST_LINE || !line[0].is_ascii_hexdigit() {
                    return Err(Unclear);
                }
                match parse_chunk_size(line) {
                    Ok(Status::Partial) if line_end.is_none() => {}
                    Ok(Status::Complete((_, 0))) => *self = Self::Trailer(0),
                    Ok(Status::Complete((_, size))) => {
                        *self = Self::Data(size.checked_add(2).ok_or(Unclear)?);
                    }
                    Ok(Status::Partial) | Err(_) => return Err(Unclear),
                }
                Ok(of_line)
            }
            Self::Data(left) => {
                let taken = take_up_to(left, bytes);
                if *left == 0 {
                    *self = Self::Size(Vec::new());
                }
                Ok(taken)
            }
            Self::Trailer(length) => {
                *length += bytes[..of_line].iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).count();
                match (line_end, *length) {
                    (_, LONGEST_LINE..) => return Err(Unclear),
                    (Some(_), 0) => *self = Self::Over,
                    (Some(_), _) => *length = 0,
                    (None, _) => {}
                }
                Ok(of_line)
            }
            Self::Over => Ok(0),
        }
    }
}

/// Lowers `left` by as many of the bytes as there are, and gives how many.
fn take_up_to(left: &mut u64, bytes: &[u8]) -> usize {
    let taken = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= taken as u64;
    taken
}

#[cfg(test)]
#[path = "body/tests.rs"]
mod tests;
