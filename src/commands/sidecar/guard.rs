//! Which calls of /drain are permitted.
use super::Network;
use crate::cli::SidecarArgs;
use hyper::HeaderMap;
use std::net::IpAddr;

/// The header with the token.
pub const TOKEN: &str = "x-lameduck-token";

/// Knows who may.
#[derive(Debug)]
pub struct Guard {
    token: Option<String>,
    allow: Vec<Network>,
}

impl Guard {
    /// As the options say.
    pub fn new(options: &SidecarArgs) -> Self {
        Self { token: options.token.clone(), allow: options.allow.clone() }
    }

    /// Why this call is not permitted.
    pub fn refusal(&self, from: IpAddr, headers: &HeaderMap) -> Option<&'static str> {
        if !self.allow.is_empty() && !self.allow.iter().any(|network| network.contains(from)) {
            return Some("it comes from an address that --allow does not have");
        }
        let token = headers.get(TOKEN).map(hyper::header::HeaderValue::as_bytes);
        match &self.token {
            Some(wanted) if token != Some(wanted.as_bytes()) => {
                Some("its X-Lameduck-Token is not that of --token")
            }
            _ => None,
        }
    }
}
