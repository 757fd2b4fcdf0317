//! What security contexts make of capture, gate and promise; what tells how lameduck is there.
use super::*;
use crate::commands::doctor::promise::{Capture, Gate, Promise};

const RESTRICTED: &str =
    "securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}";
const NO_NEW: &str = "securityContext: {allowPrivilegeEscalation: false}";
const WAIT: &str = "command: [gunicorn], lifecycle: {preStop: {exec: {command: [/lameduck/lameduck, wait]}}}";
const SIDECAR: &str = "initContainers: [{name: lameduck, restartPolicy: Always, args: [sidecar, --port, '8000'], resources: {limits: {cpu: 1, memory: 1Mi}}, \
                       securityContext: {runAsUser: 65532}}]";
const ASKED: &str = "lifecycle: {preStop: {httpGet: {path: /drain, port: 9180}}}";

fn plan(text: &str) -> (Way, Capture, Gate, bool, Promise) {
    let plan = &page(text).workloads[0].plan;
    (plan.way, plan.capture, plan.gate, plan.parks, plan.promise)
}

#[test]
fn run_captures_by_getfd_else_by_bind_else_not_at_all() {
    let full = (Way::Run, Capture::Getfd, Gate::Divert, true, Promise::Full);
    let by_bind = (Way::Run, Capture::Bind, Gate::Divert, false, Promise::Weaker);
    let nothing = (Way::Run, Capture::None, Gate::None, false, Promise::Weaker);
    assert_eq!(plan(&drained("", "", "")), full);
    assert_eq!(plan(&drained(RESTRICTED, NO_NEW, "")), by_bind);
    is(
        &drained(RESTRICTED, NO_NEW, ""),
        "pidfd_getfd",
        State::Weaker,
        &["RuntimeDefault refuses it", "localhostProfile: lameduck.json"],
    );
    assert_eq!(plan(&drained(RESTRICTED, "", "")), nothing);
    is(
        &drained(RESTRICTED, "", ""),
        "pidfd_getfd",
        State::Missing,
        &["allowPrivilegeEscalation is not false", "allowPrivilegeEscalation: false, or --capture bind"],
    );
    assert_eq!(plan(&drained(RESTRICTED, "", "{name: LAMEDUCK_CAPTURE, value: bind}")), by_bind);
    let localhost = RESTRICTED.replace("RuntimeDefault", "Localhost, localhostProfile: lameduck.json");
    assert_eq!(plan(&drained(&localhost, NO_NEW, "")), full);
    is(&drained(&localhost, NO_NEW, ""), "pidfd_getfd", State::Ok, &["lameduck.json"]);
    assert_eq!(plan(&drained("", "", "{name: LAMEDUCK_GATE, value: none}")).2, Gate::None);
    let joined = drained(RESTRICTED, "", "{name: GUNICORN_CMD_ARGS, value: --reuse-port}");
    assert_eq!((plan(&joined).1, plan(&joined).2), (Capture::None, Gate::Divert));
}

#[test]
fn capabilities_count_for_root_alone_and_not_on_the_hosts_network() {
    let on = |spec: &str, who: &str, capability: &str| {
        let context =
            format!("{who}, seccompProfile: {{type: RuntimeDefault}}, capabilities: {{add: [{capability}]}}");
        drained(spec, &format!("securityContext: {{{context}}}"), "")
    };
    let with = |who: &str, capability: &str| on("", who, capability);
    assert_eq!(plan(&with("runAsUser: 0", "NET_ADMIN")).2, Gate::Refuse);
    assert_eq!(plan(&with("runAsUser: 0", "SYS_PTRACE")).1, Capture::Getfd);
    assert_eq!(plan(&with("runAsUser: 1", "NET_ADMIN, SYS_PTRACE")).2, Gate::None);
    assert_eq!(plan(&on("hostNetwork: true", "runAsUser: 0", "NET_ADMIN")).2, Gate::None);
    let refuse =
        with("runAsUser: 1", "NET_ADMIN").replace("env: [", "env: [{name: LAMEDUCK_GATE, value: refuse}, ");
    is(&refuse, "gate refuse", State::Missing, &["does not start"]);
}

#[test]
fn a_hook_needs_what_run_does_not() {
    let with = |spec: &str| deployment(spec, WAIT);
    assert_eq!(plan(&with("")), (Way::Wait, Capture::Getfd, Gate::Divert, true, Promise::Weaker));
    assert_eq!(plan(&with("shareProcessNamespace: true")).4, Promise::Full);
    assert_eq!(plan(&with(RESTRICTED)), (Way::Wait, Capture::None, Gate::None, false, Promise::Weaker));
    is(
        &with(RESTRICTED),
        "pidfd_getfd",
        State::Missing,
        &["a hook keeps no new connection away", "--mode entrypoint"],
    );
}

#[test]
fn a_sidecar_needs_to_see_the_server() {
    let alone = deployment(SIDECAR, ASKED);
    assert_eq!(plan(&alone), (Way::Sidecar, Capture::None, Gate::None, false, Promise::Weaker));
    is(&alone, "pidfd_getfd", State::Weaker, &["does not see the server's processes"]);
    let same = format!("{ASKED}, securityContext: {{runAsUser: 65532}}");
    let shared = deployment(&format!("{SIDECAR}, shareProcessNamespace: true"), &same);
    assert_eq!(plan(&shared), (Way::Sidecar, Capture::Getfd, Gate::Divert, true, Promise::Full));
    let other =
        shared.replace("drain, port: 9180}}}, securityContext: {runAsUser: 65532}", "drain, port: 9180}}}");
    assert_eq!(plan(&other).1, Capture::None, "whose server's user is not said");
    is(&alone, "lameduck", State::Ok, &["`lameduck sidecar` in lameduck"]);
    is(&deployment(SIDECAR, ""), "lameduck", State::Missing, &["nothing is drained", "path: /drain"]);
    has_none(&alone, "requests");
    is(
        &alone.replace("memory: 1Mi", "ephemeral-storage: 1Mi"),
        "requests",
        State::Weaker,
        &["lameduck's container"],
    );
}

#[test]
fn how_lameduck_is_there_is_told_and_else_how_it_comes_there() {
    is(&drained("", "", ""), "lameduck", State::Ok, &["`lameduck run` starts the server of web"]);
    is(&deployment("", WAIT), "lameduck", State::Ok, &["`lameduck wait` is the preStop hook"]);
    let chained = "[sh, -c, '/lameduck/lameduck wait --timeout 9s; exec \"$@\"', sh, /deregister]";
    let chained = deployment("", &format!("lifecycle: {{preStop: {{exec: {{command: {chained}}}}}}}"));
    is(&chained, "lameduck", State::Ok, &["`lameduck wait`"]);
    is(&chained, "grace period", State::Ok, &["30s: 9s for the drain"]);
    is(
        &deployment("", "env: [{name: LAMEDUCK_DEADLINE, value: 30s}]"),
        "lameduck",
        State::Ok,
        &["the image's ENTRYPOINT"],
    );
    is(
        &deployment("", "command: [gunicorn]"),
        "lameduck",
        State::Missing,
        &["`lameduck inject --mode entrypoint --image IMAGE --workload deployment/web --with-rbac -f FILE`"],
    );
    is(&deployment("", ""), "lameduck", State::Missing, &["--command"]);
    is(
        &deployment("", "lifecycle: {preStop: {exec: {command: [/x]}}}"),
        "lameduck",
        State::Missing,
        &["--chain"],
    );
    let hook = asked(&deployment("", ""), &question(Way::Wait));
    assert!(finding(&hook, "lameduck").1.contains("--mode hook"), "{}", hook.text());
}
