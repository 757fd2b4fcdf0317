//! Who else serves the same as this pod. Pure.
use super::identity::Identity;
use super::objects::{EndpointPort, EndpointSlice};
use super::slices::{Slices, takes_traffic};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// Who else serves the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fellows {
    /// These, perhaps nobody.
    At(Vec<SocketAddr>),
    /// The Services have several of this pod's ports, and a connection does not tell which it is for.
    SeveralPorts(Vec<u16>),
}

/// The ready endpoints beside this pod, at the port of the same name as that of ours. `ports` are those at which the
/// server listens.
pub fn fellows(slices: &Slices, identity: &Identity, ports: &[u16]) -> Fellows {
    let has_us = |slice: &&EndpointSlice| slice.endpoints.iter().any(|one| identity.is(one));
    let mut ours: Vec<(String, u16)> = slices.all().filter(has_us).flat_map(named_ports).collect();
    if ours.is_empty() {
        ours = slices.all().flat_map(named_ports).collect();
    }
    ours.retain(|(_, port)| ports.contains(port));
    let numbers: BTreeSet<u16> = ours.iter().map(|(_, port)| *port).collect();
    if numbers.len() > 1 {
        return Fellows::SeveralPorts(numbers.into_iter().collect());
    }
    let names: BTreeSet<String> = ours.into_iter().map(|(name, _)| name).collect();
    let mut found = BTreeSet::new();
    for slice in slices.all() {
        let ports = named_ports(slice).filter(|(name, _)| names.contains(name));
        let ports: BTreeSet<u16> = ports.map(|(_, port)| port).collect();
        let others = slice.endpoints.iter().filter(|one| !identity.is(one) && takes_traffic(one));
        let addresses = others.flat_map(|one| one.addresses.iter().filter_map(|text| text.parse().ok()));
        for address in addresses {
            found.extend(ports.iter().map(|port| SocketAddr::new(IpAddr::to_canonical(&address), *port)));
        }
    }
    Fellows::At(found.into_iter().collect())
}

/// The TCP ports of a slice. A Service's only port may have no name.
fn named_ports(slice: &EndpointSlice) -> impl Iterator<Item = (String, u16)> {
    let is_tcp = |port: &&EndpointPort| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP");
    slice.ports.iter().flatten().filter(is_tcp).filter_map(|port| {
        let number = u16::try_from(port.port?).ok()?;
        Some((port.name.clone().unwrap_or_default(), number))
    })
}
