//! The service account's files, the API server's address, and the client that they make.
use super::bound::{Bound, bound};
use super::client::Client;
use super::{Settings, Trouble};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

/// A namespace's name is a DNS label (RFC 1123), bytes.
const LONGEST_LABEL: usize = 63;

/// What is needed to ask.
pub struct Access {
    /// The client.
    pub client: Client,
    /// The namespace of this pod.
    pub namespace: String,
    /// The pod that the token is bound to, if it is to one.
    pub bound: Option<Bound>,
    /// The address by which the API server is reached; `None`: it has a name, or there is no way.
    pub reached_from: Option<IpAddr>,
}

impl Access {
    /// Reads the files and makes the client. Connects to nobody.
    ///
    /// # Errors
    /// When one of them is missing or makes no sense: which, and why.
    pub fn open(settings: &Settings) -> Result<Self, Trouble> {
        let directory = &settings.service_account;
        let (host, port) = address(|name| std::env::var(name).ok())?;
        let token_file = directory.join("token");
        let token = content(&token_file)?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "a token has no such characters".to_owned();
            return Err(Trouble::ServiceAccount { file: token_file, reason });
        }
        let namespace = match &settings.whoami.namespace {
            Some(namespace) => namespace.clone(),
            None => namespace_in(&directory.join("namespace"))?,
        };
        let authorities = certificates(&directory.join("ca.crt"))?;
        let ip: Option<IpAddr> = host.parse().ok();
        let client = Client::new(host, port, &token, authorities)?;
        let bound = bound(&token);
        Ok(Self { client, namespace, bound, reached_from: ip.and_then(|ip| reached_from(ip, port)) })
    }
}

/// The API server's address (kubelet_pods.go, makeServiceEnvironment).
pub(super) fn address(variable: impl Fn(&str) -> Option<String>) -> Result<(String, u16), Trouble> {
    let read = |name| variable(name).filter(|value| !value.is_empty());
    let host = read("KUBERNETES_SERVICE_HOST");
    let host = host.ok_or_else(|| Trouble::Address("KUBERNETES_SERVICE_HOST is not set".to_owned()))?;
    match read("KUBERNETES_SERVICE_PORT") {
        None => Err(Trouble::Address("KUBERNETES_SERVICE_PORT is not set".to_owned())),
        Some(text) => match text.parse() {
            Ok(port) if port != 0 => Ok((host, port)),
            _ => Err(Trouble::Address(format!("KUBERNETES_SERVICE_PORT is {text:?}, which is no port"))),
        },
    }
}

fn content(file: &Path) -> Result<String, Trouble> {
    let trouble = |reason: String| Trouble::ServiceAccount { file: file.to_owned(), reason };
    let text = std::fs::read_to_string(file).map_err(|error| trouble(error.to_string()))?;
    let text = text.trim();
    if text.is_empty() { Err(trouble("it is empty".to_owned())) } else { Ok(text.to_owned()) }
}

/// The certificates in a file of PEM (RFC 7468).
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let text = content(file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let reason = match found {
        Ok(found) if !found.is_empty() => return Ok(found),
        Ok(_) => "it holds no certificate".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Trouble::ServiceAccount { file: file.to_owned(), reason })
}

fn namespace_in(file: &Path) -> Result<String, Trouble> {
    let name = content(file)?;
    let of_a_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() <= LONGEST_LABEL && name.bytes().all(of_a_label) {
        return Ok(name);
    }
    let reason = "what it holds is no namespace".to_owned();
    Err(Trouble::ServiceAccount { file: file.to_owned(), reason })
}

/// Our address on the way there. Nothing is sent: UDP has no handshake.
fn reached_from(ip: IpAddr, port: u16) -> Option<IpAddr> {
    let any =
        if ip.is_ipv6() { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(ip, port)).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}
