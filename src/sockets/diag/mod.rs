//! sock_diag over netlink: the kernel's own table of sockets, without privilege (sock_diag(7)). Here a question goes out and
//! its answers come in; `tcp` and `unix` have the questions.
mod answer;
mod endings;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod refused;
mod row;
mod tcp;
mod unix;

pub use endings::Endings;
pub use row::Row;
pub use tcp::{Family, Listening, Name, States};
pub use unix::{UnixRow, UnixStates};

use answer::{Answer, Message, refusal, take};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage};
use netlink_packet_sock_diag::{SockDiagMessage, inet, unix as unix_table};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_SOCK_DIAG};
use refused::What;
use std::io;

/// One dump's answers come in pieces of at most 32 KiB (netlink_dump() in net/netlink/af_netlink.c).
const RECEIVE_BUFFER: usize = 64 * 1024;
/// A walk that the table's changes interrupted is made again so often; then what came is taken.
pub const INTERRUPTED_TRIES: usize = 3;
/// Neither a dump nor a look-up takes long; a kernel that never answers must not hold up a drain.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);
/// INET_DIAG_NOCOOKIE of linux/inet_diag.h, twice: any socket of this address will do.
const ANY_COOKIE: [u8; 8] = [0xff; 8];

/// An open netlink socket to the kernel's table of sockets, in the caller's network namespace.
#[derive(Debug)]
pub struct SockDiag {
    socket: Socket,
    buffer: Vec<u8>,
    sequence: u32,
}

impl SockDiag {
    /// Opens it.
    ///
    /// # Errors
    /// EPROTONOSUPPORT (gVisor, no module), EACCES or EPERM (SELinux, seccomp), EMFILE. What this thread was refused
    /// before is refused without asking, and so it is with each table.
    pub fn open() -> io::Result<Self> {
        refused::may_be_asked(What::Netlink)?;
        let mut socket = refused::note(What::Netlink, Socket::new(NETLINK_SOCK_DIAG))?;
        socket.bind_auto()?;
        socket.connect(&NetlinkAddr::new(0, 0))?;
        rustix::net::sockopt::set_socket_timeout(
            &socket,
            rustix::net::sockopt::Timeout::Recv,
            Some(ANSWER_WITHIN),
        )?;
        Ok(Self { socket, buffer: Vec::new(), sequence: 0 })
    }

    /// Calls `each` with every answer to `wanted`; `false` as [`Self::walk`].
    fn dump(
        &mut self,
        wanted: SockDiagMessage,
        each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let table = table_of(&wanted);
        refused::may_be_asked(table)?;
        refused::note(table, self.try_dump(wanted, each))
    }

    fn try_dump(
        &mut self,
        wanted: SockDiagMessage,
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        self.ask(wanted, NLM_F_REQUEST | NLM_F_DUMP)?;
        let mut whole = true;
        loop {
            let size = self.receive()?;
            if take(&self.buffer[..size], self.sequence, &mut whole, &mut each)? {
                return Ok(whole);
            }
        }
    }

    /// The one answer to `wanted`; `None`: there is no such socket.
    fn one<T>(
        &mut self,
        wanted: SockDiagMessage,
        read: impl Fn(&[u8]) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let table = table_of(&wanted);
        refused::may_be_asked(table)?;
        if !refused::has_answered(table) {
            // The ENOENT of a socket that is gone is that of a missing module, too.
            self.dump(nobody(wanted.clone()), |_| Ok(()))?;
        }
        self.ask(wanted, NLM_F_REQUEST)?;
        loop {
            let size = self.receive()?;
            let message = Message::first_of(&self.buffer[..size])?;
            if message.sequence() != self.sequence {
                continue;
            }
            return match message.answer()? {
                Answer::Row(row) => read(row).map(Some),
                // ESTALE: another socket has taken the addresses (sock_diag_check_cookie()).
                Answer::Error(error) if [-libc::ENOENT, -libc::ESTALE].contains(&error.raw_code()) => {
                    Ok(None)
                }
                Answer::Error(error) => Err(refusal(&error)),
                Answer::Done(_) | Answer::Other => Ok(None),
            };
        }
    }

    fn ask(&mut self, request: SockDiagMessage, flags: u16) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, request.into());
        message.finalize();
        self.buffer.resize(RECEIVE_BUFFER.max(message.buffer_len()), 0);
        message.serialize(&mut self.buffer);
        self.socket.send(&self.buffer[..message.buffer_len()], 0).map(drop)
    }

    fn receive(&mut self) -> io::Result<usize> {
        loop {
            match self.socket.recv(&mut &mut self.buffer[..], 0) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

fn table_of(wanted: &SockDiagMessage) -> What {
    if let SockDiagMessage::UnixRequest(_) = wanted { What::Unix } else { What::Tcp }
}

/// The same question of the same table, for sockets of no state at all.
fn nobody(mut wanted: SockDiagMessage) -> SockDiagMessage {
    match &mut wanted {
        SockDiagMessage::InetRequest(request) => request.states = inet::StateFlags::empty(),
        SockDiagMessage::UnixRequest(request) => {
            (request.state_flags, request.inode) = (unix_table::StateFlags::empty(), 0);
        }
        _ => {}
    }
    wanted
}
