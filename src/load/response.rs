//! Reads one HTTP/1.1 response, in whatever pieces it comes, far enough to know whether it is whole.
//!
//! Pure: bytes in, state out. The rules for where a body ends are those of RFC 9112, section 6.3.
use httparse::{EMPTY_HEADER, Status};

/// The longest head, chunk line or trailer that is waited for, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;
/// The most header fields in one head.
const MOST_FIELDS: usize = 128;

/// Not a response of HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A response in the making.
#[derive(Debug, Default)]
pub struct Response {
    part: Part,
    status: u16,
    /// Bytes of an unfinished head, chunk line or trailer.
    pending: Vec<u8>,
}

/// The part that the next byte belongs to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    Head,
    /// So many bytes of the body are still to come.
    Length(u64),
    ChunkLine,
    /// So many bytes of the chunk are still to come.
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    Trailer,
    UntilClose,
    Whole,
}

impl Response {
    /// Takes the next bytes. The answer is the status once the response is whole.
    ///
    /// # Errors
    /// When the bytes cannot be part of a response.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<u16>, Malformed> {
        self.pending.extend_from_slice(bytes);
        loop {
            let before = (self.part, self.pending.len());
            match self.part {
                Part::Head => self.head()?,
                Part::Length(left) => self.part = self.skip(left).map_or(Part::Whole, Part::Length),
                Part::ChunkLine => self.chunk_line()?,
                Part::Chunk(left) => self.part = self.skip(left).map_or(Part::ChunkEnd, Part::Chunk),
                Part::ChunkEnd => self.chunk_end()?,
                Part::Trailer => self.trailer()?,
                Part::UntilClose => self.pending.clear(),
                Part::Whole => return Ok(Some(self.status)),
            }
            if before == (self.part, self.pending.len()) {
                return if self.pending.len() > LONGEST_HEAD { Err(Malformed) } else { Ok(None) };
            }
        }
    }

    /// The peer has closed: the status, if that completes the response.
    #[must_use]
    pub fn close(&self) -> Option<u16> {
        matches!(self.part, Part::UntilClose | Part::Whole).then_some(self.status)
    }

    fn head(&mut self) -> Result<(), Malformed> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let Status::Complete(length) = head.parse(&self.pending).map_err(|_| Malformed)? else {
            return Ok(());
        };
        let status = head.code.ok_or(Malformed)?;
        let part = match status {
            101 => return Err(Malformed), // nobody asked to switch protocols
            100..=199 => Part::Head,      // an interim response: the final one follows
            204 | 304 => Part::Whole,
            _ => body(head.headers)?,
        };
        (self.status, self.part) = (status, part);
        self.pending.drain(..length);
        Ok(())
    }

    fn chunk_line(&mut self) -> Result<(), Malformed> {
        if let Status::Complete((length, size)) =
            httparse::parse_chunk_size(&self.pending).map_err(|_| Malformed)?
        {
            self.part = if size == 0 { Part::Trailer } else { Part::Chunk(size) };
            self.pending.drain(..length);
        }
        Ok(())
    }

    fn chunk_end(&mut self) -> Result<(), Malformed> {
        if self.pending.len() >= 2 {
            if !self.pending.starts_with(b"\r\n") {
                return Err(Malformed);
            }
            self.part = Part::ChunkLine;
            self.pending.drain(..2);
        }
        Ok(())
    }

    fn trailer(&mut self) -> Result<(), Malformed> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        if httparse::parse_headers(&self.pending, &mut fields).map_err(|_| Malformed)?.is_complete() {
            self.part = Part::Whole;
        }
        Ok(())
    }

    /// Drops up to `left` bytes; what is left then, or none.
    fn skip(&mut self, left: u64) -> Option<u64> {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.pending.len());
        self.pending.drain(..here);
        match left - here as u64 {
            0 => None,
            left => Some(left),
        }
    }
}

/// How the body of a response with these header fields ends.
fn body(fields: &[httparse::Header<'_>]) -> Result<Part, Malformed> {
    let named = |name: &'static str| fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    if let Some(codings) = named("transfer-encoding").next_back() {
        let codings = codings.value.trim_ascii_end().to_ascii_lowercase();
        return Ok(if codings.ends_with(b"chunked") { Part::ChunkLine } else { Part::UntilClose });
    }
    let mut lengths = named("content-length").map(|field| {
        // Digits only: u64's own reader would take a plus sign too.
        let text = std::str::from_utf8(field.value.trim_ascii()).map_err(|_| Malformed)?;
        if text.starts_with('+') { Err(Malformed) } else { text.parse::<u64>().map_err(|_| Malformed) }
    });
    let Some(first) = lengths.next().transpose()? else { return Ok(Part::UntilClose) };
    for other in lengths {
        if other? != first {
            return Err(Malformed);
        }
    }
    Ok(if first == 0 { Part::Whole } else { Part::Length(first) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 201 Made\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nEnd: yes\r\n\r\n";
    const INTERIM: &[u8] =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 Late\r\nContent-Length: 0\r\n\r\n";
    const EMPTY: &[u8] = b"HTTP/1.1 204 Nothing\r\n\r\n";

    proptest! {
        #[test]
        fn a_response_is_whole_at_its_last_byte_and_not_before(
            (text, status) in prop::sample::select(vec![(LENGTH, 200), (CHUNKED, 201), (INTERIM, 503), (EMPTY, 204)]),
            cuts in prop::collection::vec(1usize..9, 0..60),
        ) {
            let mut response = Response::default();
            let mut rest = text;
            for cut in cuts.into_iter().chain([text.len()]) {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                rest = later;
                let whole = response.feed(now);
                prop_assert_eq!(whole, Ok(rest.is_empty().then_some(status)));
                if rest.is_empty() { break }
                prop_assert_eq!(response.close(), None);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut response = Response::default();
            let _ = response.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for piece in pieces {
                if response.feed(&piece).is_err() { break }
            }
        }
    }

    #[test]
    fn without_a_length_the_close_ends_the_body() {
        let mut response = Response::default();
        assert_eq!(response.feed(b"HTTP/1.0 404 No\r\n\r\nsome"), Ok(None));
        assert_eq!(response.close(), Some(404));
    }

    #[test]
    fn what_is_no_response_is_malformed() {
        for text in [
            &b"SSH-2.0-OpenSSH\r\n"[..],
            b"HTTP/1.1 101 Switch\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        ] {
            assert_eq!(Response::default().feed(text), Err(Malformed), "{:?}", String::from_utf8_lossy(text));
        }
        let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; LONGEST_HEAD + 1]].concat();
        assert_eq!(Response::default().feed(&endless), Err(Malformed));
    }
}
