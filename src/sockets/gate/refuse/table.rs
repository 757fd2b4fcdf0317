//! An nftables table of our own, which is there as long as we are: the kernel itself removes it with the netlink
//! socket that owns it, also when we are killed. So no run leaves anything behind, and none has to clean up.
use super::rule::Rule;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_netfilter::nftables::{
    ChainAttribute, ChainMessage, Hook, InetHookNumber, NfTablesMessage, RuleAttribute, RuleMessage,
    TableAttribute, TableFlags, TableMessage,
};
use netlink_packet_netfilter::none::ControlMessage;
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily, NetfilterSubsystem,
};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_NETFILTER};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use std::io;
use std::time::Duration;

/// The kernel answers before send(2) returns; one that does not must not hold up a drain.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// An answer is an error number and the head of the message that it answers (`struct nlmsgerr` of linux/netlink.h).
const RECEIVE_BUFFER: usize = 8192;
/// `NFNETLINK_V0` of linux/netfilter/nfnetlink.h.
const VERSION: u8 = 0;
/// The chain comes where filters come: `NF_IP_PRI_FILTER` of linux/netfilter_ipv4.h.
const PRIORITY: u32 = 0;
/// `NF_ACCEPT` of linux/netfilter.h: whom no rule refuses goes on.
const ACCEPT: u32 = 1;
/// NLMSG_ERROR of linux/netlink.h.
const ERROR: u16 = 2;
const CHAIN: &str = "new-connections";

/// A table with its rules in force; dropped, it is gone.
#[derive(Debug)]
pub struct Table(Socket);

impl Table {
    /// Makes it, all of it in one instant.
    ///
    /// # Errors
    /// EPERM without CAP_NET_ADMIN over this network namespace; EOPNOTSUPP, EINVAL or ENOENT where the kernel lacks
    /// nftables, its `reject`, or tables with an owner (Linux 5.12); EPROTONOSUPPORT in gVisor.
    pub fn create(rules: &[Rule]) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        // Two of these sockets of one network namespace never have the same port number, whatever process they are of:
        // PID 1 of two containers of a pod, too.
        let name = format!("lameduck-{}", socket.bind_auto()?.port_number());
        socket.connect(&NetlinkAddr::new(0, 0))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER_WITHIN))?;
        let batch = batch(&name, rules);
        socket.send(&batch.bytes, 0)?;
        acknowledged(&socket, batch.last)?;
        Ok(Self(socket))
    }

    /// Removes it; the same as dropping it, where a name makes the order plain.
    pub fn remove(self) {
        drop(self.0);
    }
}

/// Messages that the kernel does all of or none.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    /// The last one's sequence number.
    last: u32,
}

impl Batch {
    fn add(&mut self, flags: u16, family: NetfilterProtoFamily, id: u16, inner: NetfilterMessageInner) {
        self.last += 1;
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.last;
        let inner = NetfilterMessage::new(NetfilterHeader::new(family, VERSION, id), inner);
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(inner));
        message.finalize();
        let begin = self.bytes.len();
        self.bytes.resize(begin + message.buffer_len(), 0);
        message.serialize(&mut self.bytes[begin..]);
    }

    /// Its bounds name the subsystem (`nfnetlink_rcv_batch()` in net/netfilter/nfnetlink.c).
    fn bound(&mut self, bound: ControlMessage) {
        let subsystem = u8::from(NetfilterSubsystem::NfTables).into();
        self.add(0, NetfilterProtoFamily::Unspec, subsystem, bound.into());
    }

    fn create(&mut self, flags: u16, what: NfTablesMessage) {
        self.add(NLM_F_CREATE | flags, NetfilterProtoFamily::Inet, 0, what.into());
    }
}

fn batch(name: &str, rules: &[Rule]) -> Batch {
    let name = || name.to_owned();
    let mut batch = Batch::default();
    batch.bound(ControlMessage::BatchBegin);
    let table = vec![TableAttribute::Name(name()), TableAttribute::Flags(TableFlags::Owner)];
    batch.create(0, NfTablesMessage::NewTable(TableMessage { attributes: table }));
    let chain = vec![
        ChainAttribute::Table(name()),
        ChainAttribute::Name(CHAIN.to_owned()),
        ChainAttribute::Hook(vec![Hook::Number(InetHookNumber::LocalIn.into()), Hook::Priority(PRIORITY)]),
        ChainAttribute::Type("filter".to_owned()),
        ChainAttribute::Policy(ACCEPT),
    ];
    batch.create(0, NfTablesMessage::NewChain(ChainMessage { attributes: chain }));
    for rule in rules {
        let rule = vec![
            RuleAttribute::Table(name()),
            RuleAttribute::Chain(CHAIN.to_owned()),
            RuleAttribute::Expressions(rule.expressions()),
        ];
        batch.create(NLM_F_ACK, NfTablesMessage::NewRule(RuleMessage { attributes: rule }));
    }
    let last = batch.last;
    batch.bound(ControlMessage::BatchEnd);
    Batch { last, ..batch }
}

/// Errors come in the order of the messages, the acknowledgements only of a batch that was done.
fn acknowledged(socket: &Socket, last: u32) -> io::Result<()> {
    let mut buffer = vec![0; RECEIVE_BUFFER];
    loop {
        let size = match socket.recv(&mut &mut buffer[..], 0) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            size => size?,
        };
        if is_acknowledged(&buffer[..size], last)? {
            return Ok(());
        }
    }
}

/// Whether the last message's acknowledgement is among these. Of others nothing is read: the library panics at attributes that are
/// none.
pub(in crate::sockets) fn is_acknowledged(mut bytes: &[u8], last: u32) -> io::Result<bool> {
    let broken = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    while !bytes.is_empty() {
        let message = NetlinkBuffer::new_checked(bytes).map_err(|error| broken(error.to_string()))?;
        if message.message_type() == ERROR {
            // `struct nlmsgerr` of linux/netlink.h: the number of an error, negative, or 0.
            match message.payload().first_chunk().map(|error| i32::from_ne_bytes(*error)) {
                Some(0) if message.sequence_number() == last => return Ok(true),
                Some(0) => {}
                Some(error) => return Err(io::Error::from_raw_os_error(error.saturating_neg())),
                None => return Err(broken("an answer without its number".to_owned())),
            }
        }
        let length = (message.length() as usize).max(1).next_multiple_of(4);
        bytes = bytes.get(length..).unwrap_or_default();
    }
    Ok(false)
}
