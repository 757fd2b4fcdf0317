//! `struct tcp_info`, as getsockopt(TCP_INFO) and sock_diag's INET_DIAG_INFO give it.
//!
//! The struct grows with the kernel (232 bytes on 6.1, 248 on 6.12): a field beyond what the kernel sent is
//! unknown, never zero. Offsets are those of include/uapi/linux/tcp.h, which never change.

/// A reader of the bytes of a `struct tcp_info`.
#[derive(Debug, Clone, Copy)]
pub struct TcpInfo<'a>(pub &'a [u8]);

/// More than any kernel's `struct tcp_info` so far, so that nothing is cut off.
pub const TCP_INFO_MAX: usize = 512;

impl TcpInfo<'_> {
    fn u32_at(self, offset: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(self.0.get(offset..offset + 4)?.try_into().ok()?))
    }

    fn u64_at(self, offset: usize) -> Option<u64> {
        Some(u64::from_ne_bytes(self.0.get(offset..offset + 8)?.try_into().ok()?))
    }

    /// The state, one of the `TCP_*` numbers of net/tcp_states.h.
    #[must_use]
    pub fn state(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// On a listener (`tcpi_unacked`): the length of the accept queue (tcp_get_info() in net/ipv4/tcp.c).
    #[must_use]
    pub fn accept_queue(self) -> Option<u32> {
        self.u32_at(24)
    }

    /// On a listener (`tcpi_sacked`): the limit of the accept queue.
    #[must_use]
    pub fn accept_queue_limit(self) -> Option<u32> {
        self.u32_at(28)
    }

    /// Milliseconds since data was last sent, in clock ticks (4 ms at HZ 250).
    #[must_use]
    pub fn last_data_sent_ms(self) -> Option<u32> {
        self.u32_at(44)
    }

    /// Milliseconds since data last arrived; since the handshake, when none has.
    #[must_use]
    pub fn last_data_recv_ms(self) -> Option<u32> {
        self.u32_at(52)
    }

    /// Bytes received so far; a FIN counts as one.
    #[must_use]
    pub fn bytes_received(self) -> Option<u64> {
        self.u64_at(128)
    }

    /// On a connection (`tcpi_unacked`): segments sent and not acknowledged.
    #[must_use]
    pub fn unacknowledged(self) -> Option<u32> {
        self.u32_at(24)
    }

    /// Bytes written and not sent yet (`tcpi_notsent_bytes`, Linux 4.6).
    #[must_use]
    pub fn not_sent(self) -> Option<u32> {
        self.u32_at(144)
    }

    /// Segments received without data: acknowledgements alone, a FIN, probes (Linux 4.6). Wraps around.
    #[must_use]
    pub fn bare_segments_received(self) -> Option<u32> {
        Some(self.u32_at(140)?.wrapping_sub(self.u32_at(152)?))
    }

    /// Segments sent without data (Linux 4.6). Wraps around.
    #[must_use]
    pub fn bare_segments_sent(self) -> Option<u32> {
        Some(self.u32_at(136)?.wrapping_sub(self.u32_at(156)?))
    }

    /// Bytes sent so far, retransmissions included (Linux 4.19); before that, bytes acknowledged.
    #[must_use]
    pub fn bytes_sent(self) -> Option<u64> {
        self.u64_at(200).or_else(|| self.u64_at(120))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_the_kernel_did_not_send_is_unknown_and_not_zero() {
        let short = [0u8; 104];
        assert_eq!(TcpInfo(&short).accept_queue(), Some(0));
        assert_eq!(TcpInfo(&short).bytes_received(), None);
        assert_eq!(TcpInfo(&[]).accept_queue(), None);
    }

    #[test]
    fn an_older_kernel_without_bytes_sent_gives_bytes_acked() {
        let mut info = [0u8; 192];
        info[120] = 7;
        assert_eq!(TcpInfo(&info).bytes_sent(), Some(7));
    }
}
