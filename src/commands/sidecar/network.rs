//! Where a call may come from.
use std::net::IpAddr;
use std::str::FromStr;

/// An address, or a block of addresses (RFC 4632, RFC 4291 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether it has this address. An IPv4 address that came to an IPv6 socket is one of IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(u128::from(own.to_bits()), u128::from(other.to_bits()), 32 - self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

/// Without the last `free` bits.
fn same(one: u128, other: u128, free: u8) -> bool {
    let cut = |bits: u128| bits.checked_shr(free.into()).unwrap_or(0);
    cut(one) == cut(other)
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| format!("{address} is no IP address"))?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), |bits| {
            bits.parse()
                .ok()
                .filter(|bits| *bits <= all)
                .ok_or_else(|| format!("{bits} is no number of bits up to {all}"))
        })?;
        Ok(Self { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_block_has_what_agrees_in_its_first_bits() {
        assert!(has("10.244.0.0/24", "10.244.0.255") && !has("10.244.0.0/24", "10.244.1.0"));
        assert!(has("10.244.0.1", "10.244.0.1") && !has("10.244.0.1", "10.244.0.0"));
        assert!(has("0.0.0.0/0", "203.0.113.9") && has("::/0", "2001:db8::1"));
        assert!(has("2001:db8::/33", "2001:db8:7fff::") && !has("2001:db8::/33", "2001:db8:8000::"));
        assert!(has("127.0.0.1", "::ffff:127.0.0.1"), "IPv4 on a dual-stack socket");
        assert!(!has("::/0", "127.0.0.1"));
    }

    #[test]
    fn what_is_none_is_told() {
        let wrong = |text: &str| text.parse::<Network>().unwrap_err();
        assert_eq!(wrong("kubelet"), "kubelet is no IP address");
        assert_eq!(wrong("10.0.0.0/33"), "33 is no number of bits up to 32");
        assert_eq!(wrong("::/129"), "129 is no number of bits up to 128");
    }
}
