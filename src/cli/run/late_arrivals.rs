//! What becomes of late arrivals, late requests and the rest.
use super::SocketArgs;
use crate::late_arrivals::{Fellow, Settings};
use clap::{Args, ValueEnum};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// What becomes of whoever comes too late for the server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Late arrivals")]
pub struct LateArrivalArgs {
    /// What becomes of whoever comes too late for the server: late arrivals, late requests, and the rest of its queue
    #[arg(long, env = "LAMEDUCK_LATE_ARRIVALS", value_name = "HOW", value_enum, default_value = "answer")]
    pub late_arrivals: Treatment,

    /// The fellow servers of --late-arrivals relay, each connection to the next in turn; behind a name with several
    /// addresses those have their turns too [default: in Kubernetes the other ready endpoints of this pod's Services, else none]
    #[arg(long, env = "LAMEDUCK_RELAY_TO", value_name = "HOST:PORT", value_delimiter = ',')]
    #[arg(allow_hyphen_values = true)]
    pub relay_to: Vec<Fellow>,
}

/// What becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Treatment {
    /// Answered 503: not processed, try again
    Answer,
    /// Passed on to a fellow server, whose answer they see; when none can be reached, answered
    Relay,
}

impl LateArrivalArgs {
    /// What cannot be meant together. `finds_fellows`: the Services' endpoints will tell who they are.
    ///
    /// # Errors
    /// The contradiction, and the way out of it.
    pub fn check(&self, sockets: &SocketArgs, finds_fellows: bool) -> Result<(), String> {
        match (self.late_arrivals, self.relay_to.is_empty()) {
            (Treatment::Relay, true) if !finds_fellows => {
                Err("--late-arrivals relay needs a fellow server to relay to: add --relay-to HOST:PORT".to_owned())
            }
            (Treatment::Answer, false) => Err(
                "--relay-to is for --late-arrivals relay, and late arrivals are answered: add --late-arrivals relay"
                    .to_owned(),
            ),
            _ => match self.relay_to.iter().find(|fellow| is_the_server(fellow, sockets)) {
                Some(fellow) => Err(format!(
                    "--relay-to {fellow} is the server that is to be stopped: name another that does the same"
                )),
                None => Ok(()),
            },
        }
    }

    /// The desk's settings.
    #[must_use]
    pub fn settings(&self, silent_grace: Duration) -> Settings {
        let relays = self.late_arrivals == Treatment::Relay;
        Settings { silent_grace, relay_to: relays.then(|| self.relay_to.clone()) }
    }
}

/// As far as the command line tells; what else leads back is seen when it comes.
fn is_the_server(fellow: &Fellow, sockets: &SocketArgs) -> bool {
    let host = match fellow.host.as_str() {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        host => match host.parse() {
            Ok(host) => host,
            Err(_) => return false,
        },
    };
    // Servers share a machine at other addresses of 127.0.0.0/8.
    let is_usual = host == Ipv4Addr::LOCALHOST || host == std::net::Ipv6Addr::LOCALHOST;
    is_usual && sockets.ports.contains(&fellow.port)
        || sockets.listen.iter().any(|listen| {
            let is_there = listen.ip() == host || listen.ip().is_unspecified() && host.is_loopback();
            is_there && listen.port() == fellow.port
        })
}
