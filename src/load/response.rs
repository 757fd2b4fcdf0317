//! Reads one HTTP/1.1 response, in whatever pieces it comes, far enough to know whether it is whole, and whether
//! the connection may go on behind it (RFC 9112, section 9.3).
//!
//! Pure: bytes in, state out.
use super::body::{LONGEST_HEAD, MOST_FIELDS, Malformed, Rest, has_word};
use httparse::{EMPTY_HEADER, Status};

/// A response in the making.
#[derive(Debug, Default)]
pub struct Response {
    /// None until the head is whole.
    body: Option<Rest>,
    status: u16,
    told_to_continue: bool,
    persists: bool,
    /// Bytes that are not known to belong to the response yet.
    pending: Vec<u8>,
}

impl Response {
    /// Takes the next bytes. The answer is the status once the response is whole.
    ///
    /// # Errors
    /// When the bytes cannot be part of a response.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<u16>, Malformed> {
        self.pending.extend_from_slice(bytes);
        while self.body.is_none() {
            if !self.head()? {
                return if self.pending.len() > LONGEST_HEAD { Err(Malformed) } else { Ok(None) };
            }
        }
        let Some(body) = self.body else { return Ok(None) };
        let rest = body.after(&mut self.pending)?;
        self.body = Some(rest);
        Ok((rest == Rest::Whole).then_some(self.status))
    }

    /// The peer has closed: the status, if that completes the response.
    #[must_use]
    pub fn close(&self) -> Option<u16> {
        matches!(self.body, Some(Rest::UntilClose | Rest::Whole)).then_some(self.status)
    }

    /// Whether a byte of it is here; interim responses are none of it.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.body.is_some() || !self.pending.is_empty()
    }

    /// Whether `100 Continue` has come: the server wants the body of the request.
    #[must_use]
    pub fn told_to_continue(&self) -> bool {
        self.told_to_continue
    }

    /// Whether the connection may be used again behind it. Not behind `Connection: close`, nor behind HTTP/1.0 without
    /// `Connection: keep-alive`, nor when the close is what ends the body.
    #[must_use]
    pub fn persists(&self) -> bool {
        self.persists && self.body == Some(Rest::Whole)
    }

    /// What came behind it, once it is whole.
    #[must_use]
    pub fn into_rest(self) -> Vec<u8> {
        self.pending
    }

    /// Takes a head, the final one or an interim one, if there is a whole one.
    fn head(&mut self) -> Result<bool, Malformed> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let Status::Complete(length) = head.parse(&self.pending).map_err(|_| Malformed)? else {
            return Ok(false);
        };
        self.status = head.code.ok_or(Malformed)?;
        self.body = match self.status {
            101 => return Err(Malformed), // nobody asked to switch protocols
            100..=199 => None,            // an interim response: the final one follows
            204 | 304 => Some(Rest::Whole),
            _ => Some(Rest::of_response(head.headers)?),
        };
        self.told_to_continue |= self.status == 100;
        // httparse knows versions 1.0 and 1.1 only.
        self.persists = match head.version {
            Some(1) => !has_word(head.headers, "connection", "close"),
            _ => {
                has_word(head.headers, "connection", "keep-alive")
                    && !has_word(head.headers, "connection", "close")
            }
        };
        self.pending.drain(..length);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
