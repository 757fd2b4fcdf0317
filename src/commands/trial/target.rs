//! Where the load may go: this machine's loopback, and nowhere else.
use super::trouble::Trouble;
use crate::cli::trial::values::Url;
use crate::sockets::Address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// The addresses of a URL.
///
/// # Errors
/// When its host has no address, or any that is not loopback.
pub fn of_url(url: &Url) -> Result<Vec<Address>, Trouble> {
    let addresses = (url.host.as_str(), url.port)
        .to_socket_addrs()
        .map_err(|source| Trouble::NoAddress { host: url.host.clone(), source })?;
    let mut targets = Vec::new();
    for address in addresses {
        let here = on_loopback(&format!("http://{}", url.host), address)?;
        targets.extend(here.into_iter().map(Address::from));
    }
    Ok(targets)
}

/// The addresses at which a TCP listener bound to `address` is reached on the loopback, the likelier first.
///
/// # Errors
/// When it is not reached there.
pub fn of_listener(address: SocketAddr) -> Result<Vec<SocketAddr>, Trouble> {
    on_loopback("the server's listener", address)
}

fn on_loopback(what: &str, address: SocketAddr) -> Result<Vec<SocketAddr>, Trouble> {
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, address.port()));
    match address.ip().to_canonical() {
        // A wildcard of IPv6 often takes IPv4 too, and may stand on a machine without ::1.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ok(vec![v6, v4]),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ok(vec![v4]),
        ip if ip.is_loopback() => Ok(vec![SocketAddr::new(ip, address.port())]),
        ip => Err(Trouble::NotLoopback { what: what.to_owned(), address: ip }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(address: &str) -> Result<Vec<String>, String> {
        let found = of_listener(address.parse().unwrap()).map_err(|trouble| trouble.to_string())?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn wildcards_are_reached_on_the_loopback() {
        assert_eq!(listener("0.0.0.0:80"), Ok(vec!["127.0.0.1:80".into()]));
        assert_eq!(listener("[::]:80"), Ok(vec!["[::1]:80".into(), "127.0.0.1:80".into()]));
        assert_eq!(listener("127.3.2.1:80"), Ok(vec!["127.3.2.1:80".into()]));
        assert_eq!(listener("[::ffff:127.0.0.1]:80"), Ok(vec!["127.0.0.1:80".into()]));
    }

    #[test]
    fn any_other_address_is_refused() {
        for address in ["192.0.2.1:80", "[2001:db8::1]:80", "[::ffff:192.0.2.1]:80", "128.0.0.1:80"] {
            assert!(listener(address).unwrap_err().contains("loopback"), "{address}");
        }
    }
}
