//! The messages of which the kernel's answer consists (netlink(7)).
//!
//! Only what is asked for is read: of ten thousand rows most attributes interest nobody.
use netlink_packet_core::{
    DecodeError, ErrorBuffer, ErrorMessage, NLM_F_DUMP_INTR, NetlinkBuffer, Parseable,
};
use netlink_packet_sock_diag::constants::SOCK_DIAG_BY_FAMILY;
use std::io;

/// NLMSG_ERROR of linux/netlink.h.
const ERROR: u16 = 2;
/// NLMSG_DONE of linux/netlink.h: the end of a dump.
const DONE: u16 = 3;

/// One message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    bytes: NetlinkBuffer<&'a [u8]>,
}

/// What it says.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    /// A row of a table, not read yet.
    Row(&'a [u8]),
    /// There are no more rows; the number is 0, or that of an error, negative, for which there were none or not all.
    Done(i32),
    /// The kernel refuses, or there is no such socket.
    Error(ErrorMessage),
    /// Nothing of interest.
    Other,
}

impl<'a> Message<'a> {
    /// The message that these bytes begin with.
    ///
    /// # Errors
    /// `InvalidData`: they are none.
    pub fn first_of(bytes: &'a [u8]) -> io::Result<Self> {
        let bytes = NetlinkBuffer::new_checked(bytes).map_err(broken)?;
        Ok(Self { bytes })
    }

    /// Where the next message begins, in bytes from the beginning of this one (NLMSG_ALIGN of linux/netlink.h).
    pub fn extent(&self) -> usize {
        (self.bytes.length() as usize).max(1).next_multiple_of(4)
    }

    /// Which request it answers.
    pub fn sequence(&self) -> u32 {
        self.bytes.sequence_number()
    }

    /// The table changed while it was walked.
    pub fn is_interrupted(&self) -> bool {
        self.bytes.flags() & NLM_F_DUMP_INTR != 0
    }

    /// What it says.
    ///
    /// # Errors
    /// `InvalidData`: nothing that makes sense.
    pub fn answer(&self) -> io::Result<Answer<'a>> {
        let payload = self.bytes.payload();
        match self.bytes.message_type() {
            SOCK_DIAG_BY_FAMILY => Ok(Answer::Row(payload)),
            ERROR => {
                let error = ErrorBuffer::new_checked(&payload).map_err(broken)?;
                ErrorMessage::parse(&error).map(Answer::Error).map_err(broken)
            }
            // What the walk gave in the end (netlink_dump() in net/netlink/af_netlink.c): ENOENT without tcp_diag.
            DONE => Ok(Answer::Done(payload.first_chunk().map_or(0, |end| i32::from_ne_bytes(*end)))),
            _ => Ok(Answer::Other),
        }
    }
}

/// The library's own reading of the number cannot do without a positive one.
pub(super) fn refusal(error: &ErrorMessage) -> io::Error {
    io::Error::from_raw_os_error(error.raw_code().saturating_neg())
}

/// Takes a piece of a dump: gives `each` the rows that answer the request of this number, and notes when they are not `whole`.
/// `true`: it was the last piece.
///
/// # Errors
/// The kernel's own; `InvalidData`: nothing that makes sense.
pub(super) fn take(
    piece: &[u8],
    request: u32,
    whole: &mut bool,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<bool> {
    let mut offset = 0;
    while offset < piece.len() {
        let message = Message::first_of(&piece[offset..])?;
        offset += message.extent();
        if message.sequence() != request {
            continue; // the rest of an earlier, abandoned answer
        }
        *whole &= !message.is_interrupted();
        match message.answer()? {
            Answer::Row(row) => each(row)?,
            Answer::Done(0..) => return Ok(true),
            Answer::Done(error) => return Err(io::Error::from_raw_os_error(error.saturating_neg())),
            Answer::Error(error) => return Err(refusal(&error)),
            Answer::Other => {}
        }
    }
    Ok(false)
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err() gives it")]
pub(super) fn broken(error: DecodeError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `struct nlmsghdr` of linux/netlink.h, and a payload.
    fn done(payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + payload.len()).unwrap();
        let head = [&length.to_ne_bytes()[..], &DONE.to_ne_bytes(), &[0; 10]];
        [&head.concat(), payload].concat()
    }

    #[test]
    fn the_end_of_a_walk_has_its_error_and_without_one_there_is_none() {
        for (payload, end) in [(&(-libc::ENOENT).to_ne_bytes()[..], -libc::ENOENT), (&[0; 4], 0), (&[], 0)] {
            let bytes = done(payload);
            let Answer::Done(said) = Message::first_of(&bytes).unwrap().answer().unwrap() else {
                panic!("not the end of a walk");
            };
            assert_eq!(said, end);
        }
    }
}
