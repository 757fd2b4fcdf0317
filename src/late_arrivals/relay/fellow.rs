//! A fellow: a server that does the same as ours.
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Where a fellow listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fellow {
    /// An address, or a name that is looked up when it is needed.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

impl Fellow {
    /// Its address, where no name has to be looked up.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host.parse::<IpAddr>().ok()?, self.port))
    }
}

impl FromStr for Fellow {
    type Err = String;

    /// Reads `10.0.0.7:8000`, `[fd00::7]:8000`, `web.default.svc:8000`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || "a fellow server is HOST:PORT, such as web:8000, 10.0.0.7:8000 or [fd00::7]:8000".to_owned();
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_name = !host.is_empty() && host.bytes().all(of_a_name);
        let is_right = bracketed.map_or(is_name, |host| host.parse::<Ipv6Addr>().is_ok());
        if !is_right {
            return Err(wrong());
        }
        Ok(Self { host: bracketed.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for Fellow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) => address.fmt(formatter),
            None => write!(formatter, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fellow_is_an_address_or_a_name_and_a_port() {
        for text in ["10.0.0.7:8000", "[fd00::7]:8000", "web:80", "web_1.default.svc.cluster.local.:65535"] {
            assert_eq!(text.parse::<Fellow>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in
            ["", "web", ":80", "web:", "web:0", "web:65536", "::1:80", "[web]:80", "http://web:80", "a b:80"]
        {
            assert!(text.parse::<Fellow>().unwrap_err().contains("such as web:8000"), "{text}");
        }
    }
}
