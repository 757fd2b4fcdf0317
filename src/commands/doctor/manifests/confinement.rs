//! What a pod's security context permits: how listeners would be held, what would keep new connections away, and what follows from that.
//! Nodes have their say, too, and are not seen here: Yama's ptrace_scope, and profiles of their own.
use super::case::Case;
use super::gunicorn::Gunicorn;
use super::objects::{items, node, text};
use crate::cli::{Capture as Wanted, GateChoice, ParkChoice, Treatment};
use crate::commands::doctor::finding::Finding;
use crate::commands::doctor::holding::PERMIT;
use crate::commands::doctor::promise::{Capture, Facts, Gate, Plan, Way};
use crate::inject::tree::Node;

const SUBJECT: &str = "pidfd_getfd";
const LOCALHOST: &str = "seccompProfile: {type: Localhost, localhostProfile: lameduck.json} (deploy/seccomp) permits it, and requests on open \
                         connections are kept, too";

/// What is permitted to the container that lameduck is in.
#[derive(Debug)]
struct Confinement {
    profile: Profile,
    no_new_privs: bool,
    may_refuse: bool,
    may_trace: bool,
}

/// Its seccomp profile.
#[derive(Debug, PartialEq, Eq)]
enum Profile {
    /// The runtime's own.
    RuntimeDefault,
    /// A file of the node's.
    Localhost(String),
    /// None.
    Unconfined,
    /// It is not said: none, unless the kubelet is told otherwise (`seccompDefault`).
    NotSaid,
}

impl Confinement {
    fn of(spec: &Node, container: Option<&Node>) -> Self {
        let of = |keys: &[&str]| {
            let keys = [&["securityContext"], keys].concat();
            container.and_then(|container| node(container, &keys)).or_else(|| node(spec, &keys))
        };
        let own = |keys: &[&str]| {
            let keys = [&["securityContext"], keys].concat();
            container.and_then(|container| node(container, &keys))
        };
        let is_true = |node: Option<&Node>| node.and_then(Node::text) == Some("true");
        let is_privileged = is_true(own(&["privileged"]));
        let profile = match of(&["seccompProfile", "type"]).and_then(Node::text) {
            _ if is_privileged => Profile::Unconfined,
            Some("RuntimeDefault") => Profile::RuntimeDefault,
            Some("Localhost") => Profile::Localhost(
                of(&["seccompProfile", "localhostProfile"]).and_then(Node::text).unwrap_or("?").to_owned(),
            ),
            Some("Unconfined") => Profile::Unconfined,
            _ => Profile::NotSaid,
        };
        // A user that is not root gets none of the capabilities that are added: Kubernetes sets no ambient ones.
        let user = of(&["runAsUser"]).and_then(Node::text);
        let is_root = user.map_or_else(|| !is_true(of(&["runAsNonRoot"])), |user| user == "0");
        let added = own(&["capabilities", "add"]).map(Node::items).unwrap_or_default();
        let has = |capability: &str| {
            let is_it = |added: &&str| added.trim_start_matches("CAP_") == capability || *added == "ALL";
            is_root && (is_privileged || added.iter().filter_map(Node::text).any(|added| is_it(&added)))
        };
        let on_the_hosts_network = text(spec, &["hostNetwork"]) == Some("true");
        Self {
            profile,
            no_new_privs: own(&["allowPrivilegeEscalation"]).and_then(Node::text) == Some("false"),
            may_refuse: has("NET_ADMIN") && !on_the_hosts_network,
            may_trace: has("SYS_PTRACE"),
        }
    }

    fn permits_getfd(&self) -> bool {
        self.profile != Profile::RuntimeDefault || self.may_trace
    }

    fn seen(&self) -> String {
        match &self.profile {
            Profile::RuntimeDefault if self.may_trace => {
                "RuntimeDefault permits it with SYS_PTRACE".to_owned()
            }
            Profile::RuntimeDefault => "the seccomp profile RuntimeDefault refuses it".to_owned(),
            Profile::Localhost(file) => format!(
                "as the node's seccomp profile {file} has it (deploy/seccomp has one that permits it)"
            ),
            Profile::Unconfined => "no seccomp profile refuses it".to_owned(),
            Profile::NotSaid => {
                "no seccomp profile refuses it, unless the kubelet sets one (seccompDefault)".to_owned()
            }
        }
    }
}

/// How it looks for the way that is asked about, and the plan.
pub fn plan(case: &Case) -> (Finding, Plan) {
    let pod = case.pod;
    let container = case.presence.container().or((case.way != Way::Sidecar).then_some(pod.container));
    let mut confinement = Confinement::of(pod.spec, container);
    if container.is_none() {
        // As `inject` writes the sidecar.
        confinement = Confinement {
            profile: Profile::RuntimeDefault,
            no_new_privs: true,
            may_refuse: false,
            may_trace: false,
        };
    }
    let options = &case.options;
    let sockets = &options.sockets;
    let shared = text(pod.spec, &["shareProcessNamespace"]) == Some("true");
    let reaches = confinement.permits_getfd()
        && match case.way {
            Way::Run | Way::Wait => true,
            Way::Sidecar => shared && is_same_user(pod.spec, container, pod.container),
        };
    let capture = match (case.way, sockets.capture) {
        (Way::Run, _) if !sockets.listen.is_empty() => Capture::Listen,
        (Way::Run, Wanted::Bind) => Capture::Bind,
        (_, Wanted::Auto | Wanted::Getfd) if reaches && sockets.want_getfd() => Capture::Getfd,
        (Way::Run, Wanted::Auto) if confinement.no_new_privs && sockets.gate != GateChoice::None => {
            Capture::Bind
        }
        _ => Capture::None,
    };
    let answers = options.late_arrivals.late_arrivals == Treatment::Answer;
    let joins = Gunicorn::of(case).is_some_and(|gunicorn| gunicorn.reuses_port);
    let held_or_joined = capture != Capture::None || joins;
    let gate = match sockets.gate {
        GateChoice::Refuse if confinement.may_refuse => Gate::Refuse,
        GateChoice::Auto if confinement.may_refuse && answers => Gate::Refuse,
        GateChoice::Auto | GateChoice::Divert if held_or_joined => Gate::Divert,
        GateChoice::None | GateChoice::Refuse | GateChoice::Auto | GateChoice::Divert => Gate::None,
    };
    let facts = Facts {
        way: case.way,
        queue_is_seen: true,
        in_flight_is_seen: true,
        capture,
        gate,
        parks: options.park.park == ParkChoice::Auto && reaches,
        ends_with_the_server: case.way == Way::Wait && !shared,
    };
    (finding(case, &confinement, facts, shared), facts.plan())
}

fn finding(case: &Case, confinement: &Confinement, facts: Facts, shared: bool) -> Finding {
    let (seen, way) = (confinement.seen(), case.way);
    if case.options.sockets.gate == GateChoice::Refuse && facts.gate == Gate::None {
        let what = "LAMEDUCK_GATE is refuse, and NET_ADMIN is not given, or not to this user or on the host's network: lameduck does not start so";
        return Finding::missing(
            "gate refuse",
            what,
            "leave LAMEDUCK_GATE out, or add the capability NET_ADMIN to a container of root's",
        );
    }
    match (way, facts.capture) {
        (Way::Sidecar, Capture::None) if facts.gate != Gate::None => {
            Finding::ok(SUBJECT, "not needed: the gate is another one")
        }
        (Way::Sidecar, Capture::None) => Finding::weaker(
            SUBJECT,
            if shared {
                seen
            } else {
                "the sidecar does not see the server's processes: no new connection is kept away".to_owned()
            },
            "`lameduck run` (--mode entrypoint) keeps them away in such a pod; else shareProcessNamespace: true, the server's runAsUser, and a \
             seccomp profile that permits pidfd_getfd (deploy/seccomp)",
        ),
        (Way::Wait, Capture::None) if !confinement.permits_getfd() => Finding::missing(
            SUBJECT,
            format!("{seen}: a hook keeps no new connection away, and waits until none comes"),
            format!("{LOCALHOST}; or `lameduck run` (--mode entrypoint), which captures by bind"),
        ),
        (Way::Run, Capture::None) if !confinement.permits_getfd() => Finding::missing(
            SUBJECT,
            format!(
                "{seen}, and allowPrivilegeEscalation is not false: the server's listeners are not held, and there is no gate"
            ),
            PERMIT,
        ),
        (Way::Run, _) if !confinement.permits_getfd() => Finding::weaker(
            SUBJECT,
            format!(
                "{seen}: listeners are held by bind or --listen, but requests on open connections are left to the server"
            ),
            LOCALHOST,
        ),
        (_, Capture::None) => Finding::weaker(
            SUBJECT,
            "LAMEDUCK_CAPTURE or LAMEDUCK_GATE leaves the listeners alone: who is queued when time is over is lost",
            "leave them out",
        ),
        _ => Finding::ok(SUBJECT, seen),
    }
}

/// Whether the sidecar runs as the server's user, as far as that is said.
fn is_same_user(spec: &Node, sidecar: Option<&Node>, server: &Node) -> bool {
    let of_pod = text(spec, &["securityContext", "runAsUser"]);
    let user = |container: Option<&Node>| {
        container.and_then(|one| text(one, &["securityContext", "runAsUser"])).or(of_pod).map(str::to_owned)
    };
    let (theirs, servers) = (user(sidecar), user(Some(server)));
    theirs.is_some() && theirs == servers
        || sidecar.is_some_and(|one| {
            items(one, &["securityContext", "capabilities", "add"])
                .iter()
                .any(|added| added.text() == Some("SYS_PTRACE"))
        })
}
