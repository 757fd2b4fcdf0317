//! Who this pod is among the endpoints.
use super::bound::Bound;
use super::objects::Endpoint;
use std::net::IpAddr;

/// What was told of this pod, by the downward API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whoami {
    /// `metadata.name`.
    pub name: Option<String>,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.uid`.
    pub uid: Option<String>,
    /// `status.podIPs`.
    pub ips: Vec<IpAddr>,
}

/// Who this pod is, as far as can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: Option<String>,
    /// Its addresses.
    pub ips: Vec<IpAddr>,
}

/// The host's name, which is the pod's unless it is on the host's network or has another (`spec.hostname`).
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

impl Identity {
    /// What was told; else what the service account's token tells; else the host's name, and the address by which the API
    /// server is reached.
    #[must_use]
    pub fn of(whoami: &Whoami, bound: Option<Bound>, reached_from: Option<IpAddr>) -> Self {
        let is_it = |bound: &Bound| whoami.name.as_ref().is_none_or(|name| *name == bound.name);
        let (name, uid) = bound.filter(is_it).map(|bound| (bound.name, bound.uid)).unzip();
        let ips = if whoami.ips.is_empty() { reached_from.into_iter().collect() } else { whoami.ips.clone() };
        let name = whoami.name.clone().or(name).unwrap_or_else(host_name);
        Self { name, uid: whoami.uid.clone().or(uid), ips }
    }

    /// Whether an endpoint is this pod. A unique id decides where both have one: a StatefulSet gives a name again.
    #[must_use]
    pub fn is(&self, endpoint: &Endpoint) -> bool {
        let target = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
        let their_uid = target.and_then(|target| target.uid.as_deref()).filter(|uid| !uid.is_empty());
        if let (Some(ours), Some(theirs)) = (self.uid.as_deref(), their_uid) {
            return ours == theirs;
        }
        let is_named = target.is_some_and(|target| target.name.as_deref() == Some(&self.name));
        let is_there = |address: &String| {
            address.parse::<IpAddr>().is_ok_and(|address| self.ips.contains(&address.to_canonical()))
        };
        is_named || endpoint.addresses.iter().any(is_there)
    }

    /// Why it is not to be believed that none of these endpoints is this pod; `None`: it is, or one of them is.
    #[must_use]
    pub fn doubt<'a>(&self, mut endpoints: impl Iterator<Item = &'a Endpoint> + Clone) -> Option<String> {
        if endpoints.clone().any(|endpoint| self.is(endpoint)) {
            return None;
        }
        let Some(uid) = &self.uid else {
            // A name that was written down by hand. Where it is told by the downward API its unique id can be, too.
            let host = host_name();
            return (self.name != host).then(|| format!("{}, and this host is {host}", self.name));
        };
        let nameless = Self { uid: None, ..self.clone() };
        let other = endpoints.find(|endpoint| nameless.is(endpoint))?.target_ref.as_ref()?;
        let told = |text: &Option<String>| text.clone().unwrap_or_default();
        Some(format!(
            "uid {uid}, and the one at its place is {}, uid {}",
            told(&other.name),
            told(&other.uid)
        ))
    }
}
