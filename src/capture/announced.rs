//! The socket options whose setsockopt(2) is announced, and those among them that are not to be set again just so.
use std::ffi::c_int;

/// include/uapi/asm-generic/socket.h; libc has them not for every machine.
const SO_RCVTIMEO_NEW: c_int = 66;
const SO_SNDTIMEO_NEW: c_int = 67;
const SO_BINDTOIFINDEX: c_int = 62;
/// include/uapi/linux/tcp.h.
const TCP_SAVE_SYN: c_int = 27;

/// The options that are announced, by level: those that a listener acts on or hands down to its connections, and that
/// few servers set on a connection.
pub const ANNOUNCED: &[(c_int, &[c_int])] = &[
    (
        libc::SOL_SOCKET,
        &[
            libc::SO_REUSEADDR,
            libc::SO_REUSEPORT,
            libc::SO_SNDBUF,
            libc::SO_RCVBUF,
            libc::SO_SNDBUFFORCE,
            libc::SO_RCVBUFFORCE,
            libc::SO_OOBINLINE,
            libc::SO_PRIORITY,
            libc::SO_LINGER,
            libc::SO_RCVLOWAT,
            libc::SO_RCVTIMEO,
            libc::SO_SNDTIMEO,
            SO_RCVTIMEO_NEW,
            SO_SNDTIMEO_NEW,
            libc::SO_TIMESTAMP,
            libc::SO_BINDTODEVICE,
            SO_BINDTOIFINDEX,
            libc::SO_MARK,
            libc::SO_BUSY_POLL,
            libc::SO_INCOMING_CPU,
            libc::SO_ATTACH_FILTER,
            libc::SO_ATTACH_BPF,
            libc::SO_LOCK_FILTER,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            libc::SO_ATTACH_REUSEPORT_EBPF,
        ],
    ),
    (
        libc::IPPROTO_TCP,
        &[
            libc::TCP_MAXSEG,
            libc::TCP_SYNCNT,
            libc::TCP_LINGER2,
            libc::TCP_DEFER_ACCEPT,
            libc::TCP_WINDOW_CLAMP,
            libc::TCP_CONGESTION,
            libc::TCP_MD5SIG,
            libc::TCP_USER_TIMEOUT,
            libc::TCP_FASTOPEN,
            libc::TCP_NOTSENT_LOWAT,
            TCP_SAVE_SYN,
            libc::TCP_FASTOPEN_KEY,
        ],
    ),
    (
        libc::IPPROTO_IP,
        &[
            libc::IP_TOS,
            libc::IP_TTL,
            libc::IP_MTU_DISCOVER,
            libc::IP_FREEBIND,
            libc::IP_TRANSPARENT,
            libc::IP_MINTTL,
            libc::IP_BIND_ADDRESS_NO_PORT,
        ],
    ),
    (
        libc::IPPROTO_IPV6,
        &[
            libc::IPV6_V6ONLY,
            libc::IPV6_UNICAST_HOPS,
            libc::IPV6_MTU_DISCOVER,
            libc::IPV6_TCLASS,
            libc::IPV6_TRANSPARENT,
            libc::IPV6_FREEBIND,
            libc::IPV6_MINHOPCOUNT,
        ],
    ),
];

/// What cannot be set again: the value holds a pointer or the number of a descriptor, or each call adds to the last. A
/// socket with one of these is left to the server.
pub const NOT_REPEATABLE: &[(c_int, c_int)] = &[
    (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER),
    (libc::SOL_SOCKET, libc::SO_ATTACH_BPF),
    (libc::SOL_SOCKET, libc::SO_LOCK_FILTER),
    (libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF),
    (libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_EBPF),
    (libc::IPPROTO_TCP, libc::TCP_MD5SIG),
];

/// What is permitted to some only: whether the server was among them, only one with lameduck's own capabilities tells.
pub const PRIVILEGED: &[(c_int, c_int)] = &[
    (libc::SOL_SOCKET, libc::SO_SNDBUFFORCE),
    (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE),
    (libc::SOL_SOCKET, libc::SO_PRIORITY),
    (libc::SOL_SOCKET, libc::SO_BINDTODEVICE),
    (libc::SOL_SOCKET, SO_BINDTOIFINDEX),
    (libc::SOL_SOCKET, libc::SO_MARK),
    (libc::SOL_SOCKET, libc::SO_BUSY_POLL),
    (libc::IPPROTO_IP, libc::IP_TRANSPARENT),
    (libc::IPPROTO_IPV6, libc::IPV6_TRANSPARENT),
];
