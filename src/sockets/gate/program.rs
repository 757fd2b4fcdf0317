//! The classic BPF program of a SO_REUSEPORT group: which member a connection goes to.
//!
//! Members are numbered by the order of their listen(); when one leaves, the last takes its place, and a
//! number out of range falls back to the kernel's own hash (net/core/sock_reuseport.c). The program runs at
//! a handshake's SYN, and again at its ACK where the SYN was answered by a cookie. In it, offset 0 is the TCP
//! *payload*: headers are reached through SKF_NET_OFF (linux/filter.h), the offset of the IP header.
use crate::sockets::sys::Instruction;
use std::net::{IpAddr, SocketAddr};

/// `SKF_NET_OFF` of linux/filter.h as the instruction's operand: offsets count from the IP header.
const NET: u32 = (-0x10_0000_i32).cast_unsigned();
/// Length of an IPv6 header (RFC 8200). Extension headers are not followed: the TCP header is then not found,
/// no exception matches, and the connection goes where all others go.
const IPV6_HEADER: u32 = 40;
/// Offsets of the source address (RFC 791; RFC 8200) and of the TCP flags (RFC 9293).
const IPV4_SOURCE: u32 = 12;
const IPV6_SOURCE: u32 = 8;
const TCP_FLAGS: u32 = 13;
/// SYN and ACK: a handshake's first segment has SYN alone.
const SYN_ACK: u32 = 0x12;
const SYN: u32 = 0x02;
/// The IP traffic class of those that are passed on to the server. Its code point, 43, is of the pool for local use (RFC 2474,
/// section 6); of a class the last two bits are not the sender's to choose (RFC 3168).
pub const PASSAGE_CLASS: u8 = 43 << 2;
const IPV4_CLASS: u32 = 1;
const NOT_ECN: u32 = 0xfc;
/// Knuth's multiplicative hash: 2^32 divided by the golden ratio, made odd.
const GOLDEN: u32 = 0x9E37_79B1;

/// Where connections go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To the member of this number.
    Member(u32),
    /// To one of the first so many members, by a hash of the source, so that a handshake's SYN and ACK agree.
    First(u32),
}

/// What the program says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routes {
    /// A connection of our own, known by its source address and port, and the member it goes to.
    pub own: Option<(SocketAddr, u32)>,
    /// Those of this source address and [`PASSAGE_CLASS`] go here.
    pub passed: Option<(IpAddr, Target)>,
    /// The member for first SYNs, where they go elsewhere than the rest.
    pub syn: Option<u32>,
    /// All others.
    pub others: Target,
}

impl Routes {
    /// Everybody goes to `others`.
    #[must_use]
    pub fn to(others: Target) -> Self {
        Self { own: None, passed: None, syn: None, others }
    }
}

/// Writes the program.
#[must_use]
pub fn assemble(routes: Routes) -> Vec<Instruction> {
    let mut program = Vec::new();
    if let Some((source, member)) = routes.own {
        program.extend(if_from(source, member));
    }
    if let Some((source, target)) = routes.passed {
        program.extend(if_passed(source, target));
    }
    if let Some(member) = routes.syn {
        program.extend(if_syn(member));
    }
    program.extend(to(routes.others));
    program
}

/// Writes the filter by which a socket hears nothing.
#[must_use]
pub fn nothing() -> [Instruction; 1] {
    [ret(0)]
}

fn to(target: Target) -> Vec<Instruction> {
    match target {
        Target::Member(member) => vec![ret(member)],
        Target::First(1) => vec![ret(0)],
        Target::First(members) => spread(members),
    }
}

/// `if (source is this) return member;`
fn if_from(source: SocketAddr, member: u32) -> Vec<Instruction> {
    let port = match source.ip() {
        IpAddr::V4(_) => vec![load_ipv4_header_length_to_x(), load_half_after_x(NET)],
        IpAddr::V6(_) => vec![load_half(NET + IPV6_HEADER)],
    };
    if_all(from_address(source.ip()).chain([(port, source.port().into())]), vec![ret(member)])
}

/// `if (source address is this and the class is ours) return target;`
fn if_passed(source: IpAddr, target: Target) -> Vec<Instruction> {
    let class = match source {
        IpAddr::V4(_) => vec![load_byte(NET + IPV4_CLASS), and(NOT_ECN)],
        // Behind the four bits of the version.
        IpAddr::V6(_) => vec![load_half(NET), shift_right(4), and(NOT_ECN)],
    };
    if_all(from_address(source).chain([(class, PASSAGE_CLASS.into())]), to(target))
}

/// A test: what is loaded, and what it has to be.
type Test = (Vec<Instruction>, u32);

fn from_address(source: IpAddr) -> impl Iterator<Item = Test> {
    let (is_version, octets, offset) = match source {
        IpAddr::V4(ip) => (4, ip.octets().to_vec(), IPV4_SOURCE),
        IpAddr::V6(ip) => (6, ip.octets().to_vec(), IPV6_SOURCE),
    };
    let words: Vec<Test> = octets
        .chunks_exact(4)
        .zip((offset..).step_by(4))
        .map(|(word, offset)| {
            let word = word.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
            (vec![load_word(NET + offset)], word)
        })
        .collect();
    std::iter::once((version(), is_version)).chain(words)
}

/// `if (every test holds) { then }`
fn if_all(tests: impl Iterator<Item = Test>, then: Vec<Instruction>) -> Vec<Instruction> {
    // Built backwards, so that each test knows how far behind it the block ends.
    let tests: Vec<Test> = tests.collect();
    tests.into_iter().rev().fold(then, |behind, (mut load, expected)| {
        load.push(jump_if_equal(expected, 0, distance(&behind)));
        load.extend(behind);
        load
    })
}

/// `if (this is a first SYN) return member;`
fn if_syn(member: u32) -> Vec<Instruction> {
    let v6 = [load_byte(NET + IPV6_HEADER + TCP_FLAGS)];
    let v4 = [load_ipv4_header_length_to_x(), load_byte_after_x(NET + TCP_FLAGS)];
    let mut block = by_version(&v6, &v4);
    block.extend([and(SYN_ACK), jump_if_equal(SYN, 0, 1), ret(member)]);
    block
}

/// `return hash(source) % members;`
fn spread(members: u32) -> Vec<Instruction> {
    let v6 = [load_word(NET + IPV6_HEADER), store(), load_word(NET + IPV6_SOURCE + 12)];
    let v4 = [load_ipv4_header_length_to_x(), load_word_after_x(NET), store(), load_word(NET + IPV4_SOURCE)];
    let mut block = by_version(&v6, &v4);
    block.extend([load_stored_to_x(), xor_x()]);
    // Ephemeral ports come in steps of two: fold them over the other half before multiplying.
    block.extend([store(), shift_right(16), load_stored_to_x(), xor_x()]);
    block.extend([multiply(GOLDEN), shift_right(16), modulo(members), ret_a()]);
    block
}

/// `if (IP version is 6) { v6 } else { v4 }`: a dual-stack socket's SYNs are of either.
fn by_version(v6: &[Instruction], v4: &[Instruction]) -> Vec<Instruction> {
    let mut block = version();
    block.push(jump_if_equal(6, 0, distance(v6) + 1));
    block.extend(v6);
    block.push(jump(v4.len()));
    block.extend(v4);
    block
}

fn version() -> Vec<Instruction> {
    vec![load_byte(NET), shift_right(4)]
}

/// Blocks have at most 50 instructions: their length always fits a jump.
#[expect(clippy::cast_possible_truncation)]
fn distance(block: &[Instruction]) -> u8 {
    block.len() as u8
}

/// The instructions, by what they do (linux/filter.h; Documentation/networking/filter.rst).
fn instruction(code: u32, k: u32) -> Instruction {
    Instruction { code: u16::try_from(code).unwrap_or(u16::MAX), jt: 0, jf: 0, k }
}
fn load_byte(k: u32) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, k)
}
fn load_half(k: u32) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_H | libc::BPF_ABS, k)
}
fn load_word(k: u32) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, k)
}
fn load_byte_after_x(k: u32) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_IND, k)
}
fn load_half_after_x(k: u32) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_H | libc::BPF_IND, k)
}
fn load_word_after_x(k: u32) -> Instruction {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_IND, k)
}
fn load_ipv4_header_length_to_x() -> Instruction {
    instruction(libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH, NET)
}
fn store() -> Instruction {
    instruction(libc::BPF_ST, 0)
}
fn load_stored_to_x() -> Instruction {
    instruction(libc::BPF_LDX | libc::BPF_MEM, 0)
}
fn and(k: u32) -> Instruction {
    instruction(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, k)
}
fn xor_x() -> Instruction {
    instruction(libc::BPF_ALU | libc::BPF_XOR | libc::BPF_X, 0)
}
fn multiply(k: u32) -> Instruction {
    instruction(libc::BPF_ALU | libc::BPF_MUL | libc::BPF_K, k)
}
fn modulo(k: u32) -> Instruction {
    instruction(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, k)
}
fn shift_right(k: u32) -> Instruction {
    instruction(libc::BPF_ALU | libc::BPF_RSH | libc::BPF_K, k)
}
fn jump(over: usize) -> Instruction {
    instruction(libc::BPF_JMP | libc::BPF_JA, u32::try_from(over).unwrap_or(u32::MAX))
}
fn jump_if_equal(k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { jt, jf, ..instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, k) }
}
fn ret(k: u32) -> Instruction {
    instruction(libc::BPF_RET | libc::BPF_K, k)
}
fn ret_a() -> Instruction {
    instruction(libc::BPF_RET | libc::BPF_A, 0)
}
