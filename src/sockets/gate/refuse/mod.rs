//! The gate `refuse`: new connections to one address are answered with a TCP reset, before their clients have sent a
//! byte, by an nftables rule in this network namespace. Needs CAP_NET_ADMIN, and nothing of the server.
//!
//! Handshakes in progress and open connections go on. A client whose SYN-ACK was lost on the way is refused when it
//! sends its SYN again: it has not sent a request yet either.
//!
//! The life of one: [`Refusal::form`], when the lame duck begins, tries a rule that refuses a connection of our own and
//! nobody else; [`Refusal::close_gate`] refuses everybody; dropped, the gate is open.
mod rule;
pub(in crate::sockets) mod table;

use super::GateError;
use super::own::OwnConnection;
use crate::sockets::listen;
use rule::Rule;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use table::Table;

/// Whether the gate of a listener would refuse the clients of another one, too: a wildcard stands for every address.
#[must_use]
pub fn concerns(listener: SocketAddr, v6only: bool, other: SocketAddr) -> bool {
    listener.port() == other.port()
        && Rule { to: listener, v6only, from: None, spared: None }.concerns(other.ip())
}

/// The gate of one address.
#[derive(Debug)]
pub struct Refusal {
    address: SocketAddr,
    v6only: bool,
    /// The IP traffic class of those that go on to the server.
    spared: Option<u8>,
    table: Option<Table>,
}

/// Whether connections can be refused here at all, tried on a listener of our own.
///
/// # Errors
/// As [`Refusal::form`].
pub fn permitted() -> Result<(), GateError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let refused = |error| GateError::Refused { step: "cannot listen at", address: address.into(), error };
    let listener = listen::at(address).map_err(|error| refused(io::Error::other(error)))?;
    // It has to be there: where nobody listens everybody is refused.
    let listener = TcpListener::from(listener);
    let address = listener.local_addr().map_err(refused)?;
    Refusal::form(address, false).map(drop)
}

impl Refusal {
    /// Sees that a connection of our own to this listener can be refused; everybody else still goes to the server.
    ///
    /// # Errors
    /// When the kernel refuses the rule (EPERM: no CAP_NET_ADMIN), or the connection is not refused in spite of it.
    pub fn form(address: SocketAddr, v6only: bool) -> Result<Self, GateError> {
        let refusal = Self { address, v6only, spared: None, table: None };
        let own = refusal.own_connections()?;
        let from: Vec<SocketAddr> = own.iter().map(OwnConnection::source).collect();
        refusal.refuse(&own, from.into_iter().map(Some))?.remove();
        Ok(refusal)
    }

    /// The same, but that connections of this IP traffic class go on to the server.
    #[must_use]
    pub fn sparing(self, class: u8) -> Self {
        Self { spared: Some(class), ..self }
    }

    /// Refuses everybody from now on.
    ///
    /// # Errors
    /// As [`Self::form`]; the gate is open then.
    pub fn close_gate(&mut self) -> Result<(), GateError> {
        if self.table.is_none() {
            let own = self.own_connections()?;
            self.table = Some(self.refuse(&own, [None])?);
        }
        Ok(())
    }

    /// The listener's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it refuses the clients of this other listener, too.
    #[must_use]
    pub fn concerns(&self, other: SocketAddr) -> bool {
        concerns(self.address, self.v6only, other)
    }

    /// Puts a rule for each source in place, or one for all, and sees each connection of our own refused.
    fn refuse(
        &self,
        own: &[OwnConnection],
        from: impl IntoIterator<Item = Option<SocketAddr>>,
    ) -> Result<Table, GateError> {
        let Self { address, v6only, spared, .. } = *self;
        let rules = from.into_iter().map(|from| Rule { to: address, v6only, from, spared });
        let rules: Vec<Rule> = rules.flat_map(Rule::by_family).collect();
        let table =
            Table::create(&rules).map_err(|error| self.refused("cannot refuse connections to", error))?;
        for connection in own {
            match connection.connect() {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(self.refused("cannot connect to", error)),
                Ok(()) => return Err(GateError::NotRefused { address }),
            }
        }
        Ok(table)
    }

    /// One for each family by which clients come.
    fn own_connections(&self) -> Result<Vec<OwnConnection>, GateError> {
        OwnConnection::prepare_all(self.address, self.v6only)
            .map_err(|error| self.refused("cannot make a connection of lameduck's own to", error))
    }

    fn refused(&self, step: &'static str, error: io::Error) -> GateError {
        GateError::Refused { step, address: self.address.into(), error }
    }
}
