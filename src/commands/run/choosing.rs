//! Which gate a listener gets: `refuse` where it is wanted or better, else `divert`.
use super::gatekeeper::Gatekeeper;
use crate::cli::{Capture, DrainArgs, GateChoice, LateArrivalArgs, SocketArgs, Treatment};
use crate::sockets::gate::{Group, Place, Refusal, refuse};
use crate::sockets::{Address, Watched, network};
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tracing::{debug, info, warn};

/// The shortest that the kubelet knows.
const PROBE_PERIOD: Duration = Duration::from_secs(1);
/// Why an address of several servers is not gated.
const SHARED: &str =
    "another process listens here too (SO_REUSEPORT), and what comes to lameduck would be taken from it";

/// Why an address is not refused beside a narrower one of somebody else.
fn neighbour(other: SocketAddr) -> String {
    format!("another process listens at {other}, and its clients would be refused, too")
}

/// Whether this is a pod: the kubelet sets these variables in every container (kubelet_pods.go, makeServiceEnvironment).
/// Where one of them is missing, that is told when the API server is to be asked.
#[must_use]
pub fn in_kubernetes() -> bool {
    ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Whether a rule of nftables would be the node's: in a pod on the host's network, as far as that can be told. What a server on a
/// machine of its own may want there, a pod may not.
#[must_use]
pub fn would_rule_the_node(in_kubernetes: bool) -> bool {
    in_kubernetes && network::is_the_machines()
}

/// Whether new connections are to be refused rather than diverted, as far as can be known before the server starts.
///
/// Refusing is better where the client is a proxy that tries the next endpoint when one refuses, and sees a 503 as the
/// answer: kube-proxy and the ingress controllers of Kubernetes. Elsewhere nobody tries again, and a 503 says more; and
/// whoever wants late arrivals relayed wants them to come.
///
/// # Errors
/// When it is asked for (`--gate refuse`) and cannot be had.
pub fn refuses(
    options: &SocketArgs,
    late_arrivals: &LateArrivalArgs,
    in_kubernetes: bool,
) -> Result<bool, String> {
    match options.gate {
        GateChoice::Refuse if would_rule_the_node(in_kubernetes) => Err(
            "--gate refuse: this pod is on the host's network, where the rule would be the node's: use --gate divert".to_owned()
        ),
        GateChoice::Auto if would_rule_the_node(in_kubernetes) => {
            debug!("new connections are diverted, not refused: this pod is on the host's network");
            Ok(false)
        }
        GateChoice::Refuse => match refuse::permitted() {
            Ok(()) => Ok(true),
            Err(error) => Err(format!(
                "--gate refuse: {error}; it needs CAP_NET_ADMIN and Linux 5.12 with nftables: \
                 add the capability (NET_ADMIN), or use --gate divert"
            )),
        },
        GateChoice::Auto if in_kubernetes && late_arrivals.late_arrivals == Treatment::Answer => {
            let permitted = refuse::permitted();
            if let Err(error) = &permitted {
                debug!("new connections are diverted, not refused: {error}");
            }
            Ok(permitted.is_ok())
        }
        GateChoice::Auto | GateChoice::Divert | GateChoice::None => Ok(false),
    }
}

/// Says so where quiet of this length is not to be had. The kubelet's probes come from where traffic comes from, too (the node's
/// address, or the CNI's gateway), and count as arrivals; their shortest period is a second (Probe.periodSeconds in core/v1).
pub fn settles(options: &DrainArgs, in_kubernetes: bool) {
    if in_kubernetes && options.settle >= PROBE_PERIOD {
        warn!(
            settle = ?options.settle,
            "where the kubelet probes this pod more often than that, the lame duck lasts until --settle-timeout: give less than a \
             second (--settle), or longer periods to the readiness probes"
        );
    }
}

/// Whether a gate that was asked for can be had where nothing is held: by joining a group that the server has made. That
/// it has made one shows only when it listens.
///
/// # Errors
/// When no group can be joined here.
pub fn joins(options: &SocketArgs) -> Result<(), String> {
    if (options.capture, options.gate) != (Capture::None, GateChoice::Divert) {
        return Ok(());
    }
    Group::can_be_joined().map_err(|error| {
        format!(
            "--gate divert needs to hold the server's listeners, or to join them, which is refused here ({error}): \
             leave --capture none out"
        )
    })
}

impl Gatekeeper {
    /// Forms the gates of all TCP addresses but these.
    pub(super) fn form_gates_except(&mut self, gated: &HashSet<Address>) {
        if self.gate == GateChoice::None {
            for (address, reason) in std::mem::take(&mut self.unheld) {
                self.obstacle(address, reason);
            }
            return;
        }
        let mut by_address: BTreeMap<SocketAddr, Vec<Watched>> = BTreeMap::new();
        for watched in &self.listeners.watched {
            let address = &watched.listener.address;
            if let Some(tcp) = address.tcp().filter(|_| !gated.contains(address)) {
                by_address.entry(tcp).or_default().push(watched.clone());
            }
        }
        let mut strays = Vec::new();
        for (address, members) in by_address {
            if self.listeners.are_shared_at(address) {
                self.obstacle(address.into(), SHARED.to_owned());
            } else if !self.refuses || !self.form_refusal(address, &members) {
                self.form_group(address, &members, &mut strays);
            }
        }
        self.serve(strays);
    }

    /// Says whether nothing else is to be tried.
    fn form_refusal(&mut self, address: SocketAddr, members: &[Watched]) -> bool {
        let v6only = members.iter().find_map(|member| member.listener.v6only).unwrap_or(false);
        let formed = match self.listeners.others().find(|other| refuse::concerns(address, v6only, *other)) {
            Some(other) => Err(neighbour(other)),
            None => Refusal::form(address, v6only).map_err(|error| error.to_string()),
        };
        match formed {
            Ok(refusal) => self.refusals.push(refusal),
            Err(reason) if self.gate == GateChoice::Refuse => self.obstacle(address.into(), reason),
            Err(reason) => {
                info!(%address, "new connections are diverted, not refused: {reason}");
                return false;
            }
        }
        true
    }

    /// A member that we do not hold may leave, and the numbers of the others change: then the group can only be joined, if
    /// the server has made one.
    fn form_group(&mut self, address: SocketAddr, members: &[Watched], strays: &mut Vec<OwnedFd>) {
        let first = &members[0].listener;
        let held = members.iter().map(|member| member.duplicate.clone()).collect::<Option<Vec<_>>>();
        let formed = if let Some(held) = held {
            Group::form(held, address, first.uid, strays).map_err(|error| error.to_string())
        } else {
            let place = Place { address, v6only: first.v6only.unwrap_or(false), uid: first.uid };
            Group::join(members.len(), place, strays).map_err(|error| {
                let unheld = self.unheld.get(&address.into()).map_or("it is not held", String::as_str);
                format!("{unheld}; and the server has no group that could be joined: {error}")
            })
        };
        match formed {
            Ok(group) => {
                self.missed = self.missed.max(group.missed());
                self.passages.lay(&group);
                self.groups.push(group);
            }
            Err(reason) => self.obstacle(address.into(), reason),
        }
    }

    /// Leaves what others have joined: they would be sent nobody any more. Says whether a rule was left that refused a
    /// neighbour's clients, where another gate is perhaps to be had.
    pub(super) fn leave_shared(&mut self) -> bool {
        let listeners = &self.listeners;
        let is_shared = |group: &mut Group| listeners.are_shared_at(group.address());
        let groups: Vec<Group> = self.groups.extract_if(.., is_shared).collect();
        let concerned = |refusal: &Refusal| listeners.others().find(|other| refusal.concerns(*other));
        let left: Vec<(SocketAddr, SocketAddr)> = self
            .refusals
            .iter()
            .filter_map(|refusal| Some((refusal.address(), concerned(refusal)?)))
            .collect();
        self.refusals.retain(|refusal| left.iter().all(|(address, _)| refusal.address() != *address));
        for (address, other) in &left {
            let reason = if address == other { SHARED.to_owned() } else { neighbour(*other) };
            self.obstacle((*address).into(), reason);
        }
        let others: Vec<SocketAddr> = self.listeners.others().collect();
        self.passages.spare(&others);
        for group in groups {
            self.obstacle(group.address().into(), SHARED.to_owned());
            self.passages.leave(group.address());
            let strays = group.undo();
            self.serve(strays);
        }
        !left.is_empty()
    }

    pub(super) fn obstacle(&mut self, address: Address, reason: String) {
        warn!(%address, "no gate: {reason}");
        self.obstacles.insert(address, reason);
    }
}
