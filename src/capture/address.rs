//! The address that a bind(2) asks for, read from its caller's memory.
use super::Untouched;
use super::target::{Kind, Target};
use rustix::net::AddressFamily;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// The longest address that bind(2) takes, bytes: `sizeof(struct sockaddr_storage)`, socket(7).
const LONGEST_ADDRESS: usize = 128;

/// The address that a call asks for.
///
/// # Errors
/// When it cannot be read, or is none of this kind of socket.
pub fn address(target: Target, at: u64, length: usize, kind: Kind) -> Result<SocketAddr, Untouched> {
    let bytes = target.memory(at, length.min(LONGEST_ADDRESS))?;
    ip_address(&bytes, kind.family).ok_or(Untouched::Kernels)
}

/// Reads `struct sockaddr_in` or `sockaddr_in6` (ip(7), ipv6(7)). `None` for anything else, and for an address that is
/// not of this family: the kernel itself will say what it thinks of that.
pub(super) fn ip_address(bytes: &[u8], family: AddressFamily) -> Option<SocketAddr> {
    let (found, rest) = bytes.split_first_chunk::<2>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    if u16::from_ne_bytes(*found) != family.as_raw() {
        return None;
    }
    if family == AddressFamily::INET {
        let (ip, _) = rest.split_first_chunk::<4>()?;
        return Some(SocketAddrV4::new(Ipv4Addr::from(*ip), port).into());
    }
    let (flow, rest) = rest.split_first_chunk::<4>()?;
    let (ip, rest) = rest.split_first_chunk::<16>()?;
    let (scope, _) = rest.split_first_chunk::<4>()?;
    let (ip, flow, scope) = (Ipv6Addr::from(*ip), u32::from_be_bytes(*flow), u32::from_ne_bytes(*scope));
    Some(SocketAddrV6::new(ip, port, flow, scope).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_the_kernel_has_it_and_anything_else_is_left_to_the_kernel() {
        let v4 = [&2_u16.to_ne_bytes()[..], &[0x1F, 0x90, 127, 0, 0, 1], &[0; 8]].concat();
        assert_eq!(ip_address(&v4, AddressFamily::INET), Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(ip_address(&v4, AddressFamily::INET6), None);
        assert_eq!(ip_address(&v4[..7], AddressFamily::INET), None);
        let ip = Ipv6Addr::LOCALHOST.octets();
        let v6 = [&10_u16.to_ne_bytes()[..], &[0x1F, 0x90, 0, 0, 0, 0], &ip, &3_u32.to_ne_bytes()].concat();
        let expected = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 8080, 0, 3);
        assert_eq!(ip_address(&v6, AddressFamily::INET6), Some(expected.into()));
        // Without its scope (RFC 2133) it is short: the kernel takes it, and so it is the kernel's.
        assert_eq!(ip_address(&v6[..24], AddressFamily::INET6), None);
    }
}
