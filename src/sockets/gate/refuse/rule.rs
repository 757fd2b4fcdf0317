//! The rule of the table: which segments are refused, as nftables' expressions.
//!
//! A first SYN alone: what belongs to an open connection or completes a handshake has ACK set, and goes on. Nothing
//! is asked of connection tracking.
use netlink_packet_core::DefaultNla;
use netlink_packet_netfilter::nftables::{
    Bitwise, Cmp, DataAttribute, ExpressionAttribute, Expressions, ListAttribute, Meta, MetaKey, Operator,
    Payload, Register,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// `NFPROTO_IPV4` and `NFPROTO_IPV6` of linux/netfilter.h: a packet's family, in a table that has both.
const IPV4: u8 = 2;
const IPV6: u8 = 10;
/// IPPROTO_TCP (RFC 9293).
const TCP: u8 = 6;
/// `enum nft_payload_bases` of linux/netfilter/nf_tables.h.
const NETWORK_HEADER: u32 = 1;
const TRANSPORT_HEADER: u32 = 2;
/// Offsets and lengths, in bytes (RFC 791, RFC 8200, RFC 9293).
const IPV4_CLASS: u32 = 1;
const IPV4_SOURCE: u32 = 12;
const IPV4_DESTINATION: u32 = 16;
const IPV6_SOURCE: u32 = 8;
const IPV6_DESTINATION: u32 = 24;
const SOURCE_PORT: u32 = 0;
const DESTINATION_PORT: u32 = 2;
const FLAGS: u32 = 13;
/// Of the flags FIN, SYN, RST and ACK a connection's first segment has SYN alone.
const FIN_SYN_RST_ACK: u8 = 0x17;
const SYN: u8 = 0x02;
/// `NFTA_REJECT_TYPE` and `NFT_REJECT_TCP_RST` of linux/netfilter/nf_tables.h.
const NFTA_REJECT_TYPE: u16 = 1;
const NFT_REJECT_TCP_RST: u32 = 1;

type Expression = ListAttribute<ExpressionAttribute>;

/// Which first SYNs are refused.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The listener's address; a wildcard stands for all.
    pub to: SocketAddr,
    /// Whether an IPv6 wildcard is closed to IPv4.
    pub v6only: bool,
    /// Only those from here: a connection of our own.
    pub from: Option<SocketAddr>,
    /// None of this IP traffic class.
    pub spared: Option<u8>,
}

impl Rule {
    /// The same rule for each family: their headers differ.
    pub fn by_family(self) -> Vec<Self> {
        if self.spared.is_none() || self.family().is_some() {
            return vec![self];
        }
        let v4 = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), self.to.port());
        vec![Self { to: v4, ..self }, Self { v6only: true, ..self }]
    }

    /// Writes the rule: conditions, each of which ends it when it is not met, and the refusal.
    pub fn expressions(self) -> Vec<Expression> {
        let mut all = Vec::new();
        all.extend(meta_is(MetaKey::L4Proto, TCP));
        if let Some(family) = self.family() {
            all.extend(meta_is(MetaKey::Nfproto, family));
        }
        // Whoever comes to a mapped address comes over IPv4.
        let to = self.to.ip().to_canonical();
        if !to.is_unspecified() {
            all.extend(address_is(to, IPV4_DESTINATION, IPV6_DESTINATION));
        }
        all.extend(port_is(self.to.port(), DESTINATION_PORT));
        if let Some(from) = self.from {
            all.extend(address_is(from.ip(), IPV4_SOURCE, IPV6_SOURCE));
            all.extend(port_is(from.port(), SOURCE_PORT));
        }
        if let (Some(class), Some(family)) = (self.spared, self.family()) {
            all.extend(class_is_not(class, family));
        }
        all.push(load(TRANSPORT_HEADER, FLAGS, 1));
        all.push(mask(&[FIN_SYN_RST_ACK]));
        all.push(is(&[SYN]));
        all.push(reset());
        all
    }

    /// Whether connections to this address are of those that are refused.
    pub fn concerns(self, to: IpAddr) -> bool {
        let (own, to) = (self.to.ip().to_canonical(), to.to_canonical());
        let family = if to.is_ipv4() { IPV4 } else { IPV6 };
        own == to || own.is_unspecified() && self.family().is_none_or(|own| own == family)
    }

    /// `None`: either.
    fn family(self) -> Option<u8> {
        let of = |ip: IpAddr| if ip.is_ipv4() { IPV4 } else { IPV6 };
        let to = self.to.ip().to_canonical();
        match self.from {
            Some(from) => Some(of(from.ip())),
            None if to.is_ipv6() && to.is_unspecified() && !self.v6only => None,
            None => Some(of(to)),
        }
    }
}

fn meta_is(key: MetaKey, value: u8) -> [Expression; 2] {
    let meta = vec![Meta::Key(key), Meta::DestinationRegister(Register::Reg1)];
    [Expressions::Meta(meta).into(), is(&[value])]
}

fn address_is(address: IpAddr, offset_v4: u32, offset_v6: u32) -> [Expression; 2] {
    match address {
        IpAddr::V4(ip) => [load(NETWORK_HEADER, offset_v4, 4), is(&ip.octets())],
        IpAddr::V6(ip) => [load(NETWORK_HEADER, offset_v6, 16), is(&ip.octets())],
    }
}

/// The class without its last two bits, which are the network's (RFC 3168). In IPv6 it follows the four bits of the version.
fn class_is_not(class: u8, family: u8) -> [Expression; 3] {
    let (offset, mask_bytes, value) = if family == IPV4 {
        (IPV4_CLASS, vec![0xfc], vec![class])
    } else {
        (0, vec![0x0f, 0xc0], (u16::from(class) << 4).to_be_bytes().to_vec())
    };
    let length = u32::from(family != IPV4) + 1;
    [load(NETWORK_HEADER, offset, length), mask(&mask_bytes), compare(Operator::NotEqual, &value)]
}

fn port_is(port: u16, offset: u32) -> [Expression; 2] {
    [load(TRANSPORT_HEADER, offset, 2), is(&port.to_be_bytes())]
}

/// Puts bytes of a header into the register that all expressions here use.
fn load(base: u32, offset: u32, length: u32) -> Expression {
    let register = Payload::DestinationRegister(Register::Reg1);
    let place = [Payload::Base(base), Payload::Offset(offset), Payload::Len(length)];
    Expressions::Payload([register].into_iter().chain(place).collect()).into()
}

fn mask(bits: &[u8]) -> Expression {
    let length = u32::try_from(bits.len()).unwrap_or(u32::MAX);
    let (set, none) = (DataAttribute::Value(bits.to_vec()), DataAttribute::Value(vec![0; bits.len()]));
    let registers = [Bitwise::SourceRegister(Register::Reg1), Bitwise::DestinationRegister(Register::Reg1)];
    let what = [Bitwise::Length(length), Bitwise::Mask(set), Bitwise::Xor(none)];
    Expressions::Bitwise(registers.into_iter().chain(what).collect()).into()
}

fn is(bytes: &[u8]) -> Expression {
    compare(Operator::Equal, bytes)
}

fn compare(how: Operator, bytes: &[u8]) -> Expression {
    let register = Cmp::SourceRegister(Register::Reg1);
    let value = Cmp::Data(DataAttribute::Value(bytes.to_vec()));
    Expressions::Cmp(vec![register, Cmp::Op(how), value]).into()
}

/// nft_reject of the kernel, which the library does not know by name.
fn reset() -> Expression {
    let with = DefaultNla::new(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST.to_be_bytes().to_vec());
    Expressions::Other { expression_type: "reject".to_owned(), attributes: vec![with] }.into()
}
