//! Pods that lameduck does not come into, and why.
use super::*;

fn with(mode: Mode, lines: &str) -> String {
    refusal(&deployment(&format!("{}{lines}\n", PLAIN.trim_start_matches('\n'))), &options(mode))
}

#[test]
fn given_a_hook_then_it_is_kept_only_where_that_can_be_and_is_asked_for() {
    let hook = "  lifecycle: {preStop: {exec: {command: [/bin/deregister, now]}}}";
    insta::assert_snapshot!(with(Mode::Entrypoint, hook), @"deployment/web: line 13: there is a preStop hook, which is over before lameduck hears of the stop: --chain keeps it so");
    insta::assert_snapshot!(with(Mode::Hook, hook), @"deployment/web: line 13: there is a preStop hook: --chain lets it run when lameduck has drained the server (by sh, in the same image)");
    insta::assert_snapshot!(with(Mode::Sidecar, hook), @"deployment/web: line 13: there is a preStop hook, a container has one only, and this one cannot be chained in mode sidecar: --mode entrypoint --chain can");
    let text = deployment(&format!("{PLAIN}{hook}\n"));
    let chained = Options { chain: true, ..options(Mode::Hook) };
    let text = assert_exact(&text, &chained);
    let line = text.lines().find(|line| line.contains("deregister")).unwrap();
    insta::assert_snapshot!(line.trim(), @r#"lifecycle: {preStop: {exec: {command: [sh, "-c", '/lameduck/lameduck wait; exec "$@"', sh, /bin/deregister, now]}}}"#);
    let get = "  lifecycle: {preStop: {httpGet: {path: /stop, port: 8000}}}";
    insta::assert_snapshot!(refusal(&deployment(&format!("{PLAIN}{get}\n")), &chained), @"deployment/web: line 13: there is a preStop hook, a container has one only, and this one cannot be chained in mode hook: --mode entrypoint --chain can");
    assert_exact(
        &deployment(&format!("{PLAIN}{get}\n")),
        &Options { chain: true, ..options(Mode::Entrypoint) },
    );
}

#[test]
fn given_a_hook_that_only_sleeps_then_it_is_to_go() {
    for hook in [
        "{sleep: {seconds: 15}}",
        "{exec: {command: [sleep, \"15\"]}}",
        "{exec: {command: [/bin/sh, -c, sleep 15]}}",
    ] {
        let lines = format!("  lifecycle: {{preStop: {hook}}}");
        let chain = Options { chain: true, ..options(Mode::Hook) };
        let why = refusal(&deployment(&format!("{PLAIN}{lines}\n")), &chain);
        assert!(why.contains("only sleeps"), "{why}");
    }
    let more = "  lifecycle: {preStop: {exec: {command: [/bin/sh, -c, sleep 5; /bin/deregister]}}}";
    assert!(!with(Mode::Hook, more).contains("only sleeps"));
}

#[test]
fn given_a_grace_period_that_is_too_short_then_it_is_refused() {
    insta::assert_snapshot!(with(Mode::Hook, "terminationGracePeriodSeconds: 29"), @"deployment/web: terminationGracePeriodSeconds is 29, less than LAMEDUCK_TIMEOUT (25s) and LAMEDUCK_RESERVE (5s) together: raise it to 30, or lower them with --env LAMEDUCK_TIMEOUT=...");
    assert_exact(&deployment(&format!("{PLAIN}terminationGracePeriodSeconds: 30\n")), &options(Mode::Hook));
    let env = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let short = Options { env: env("LAMEDUCK_TIMEOUT", "5s"), ..options(Mode::Hook) };
    assert_exact(&deployment(&format!("{PLAIN}terminationGracePeriodSeconds: 10\n")), &short);
    let cloud = Options { env: env("LAMEDUCK_PROPAGATION", "cloud-lb"), ..options(Mode::Sidecar) };
    insta::assert_snapshot!(refusal(&deployment(PLAIN), &cloud), @"deployment/web: the server goes on for 2m (LAMEDUCK_PROPAGATION, LAMEDUCK_LAME_DUCK), and LAMEDUCK_TIMEOUT is 25s: raise that, and the grace period");
    let own = "  env: [{name: LAMEDUCK_TIMEOUT, value: 40s}]";
    insta::assert_snapshot!(with(Mode::Hook, own), @"deployment/web: terminationGracePeriodSeconds is 30, less than LAMEDUCK_TIMEOUT (40s) and LAMEDUCK_RESERVE (5s) together: raise it to 45, or lower them with --env LAMEDUCK_TIMEOUT=...");
    let wrong = Options { env: env("LAMEDUCK_TIMEOUT", "soon"), ..options(Mode::Sidecar) };
    insta::assert_snapshot!(refusal(&deployment(PLAIN), &wrong), @"deployment/web: LAMEDUCK_TIMEOUT=soon: a duration is a number with a unit, such as 500ms, 25s or 2m");
}

#[test]
fn given_the_defaults_of_run_then_they_are_those_that_the_grace_period_is_measured_by() {
    use crate::cli::{Cli, Verb};
    use clap::Parser;
    let Verb::Run(run) = Cli::try_parse_from(["lameduck", "run", "server"]).unwrap().verb else { panic!() };
    let needed = (run.drain.timeout + run.drain.reserve).as_secs();
    assert_exact(
        &deployment(&format!("{PLAIN}terminationGracePeriodSeconds: {needed}\n")),
        &options(Mode::Hook),
    );
    let why = with(Mode::Hook, &format!("terminationGracePeriodSeconds: {}", needed - 1));
    assert!(why.contains(&format!("raise it to {needed}")), "{why}");
}

#[test]
fn given_windows_or_the_hosts_network_then_it_is_explained() {
    insta::assert_snapshot!(with(Mode::Hook, "os: {name: windows}"), @"deployment/web: it is for Windows: lameduck runs on Linux");
    assert_eq!(
        with(Mode::Hook, "nodeSelector: {kubernetes.io/os: windows}"),
        with(Mode::Hook, "os: {name: windows}")
    );
    insta::assert_snapshot!(with(Mode::Sidecar, "hostNetwork: true"), @"deployment/web: it is on the host's network (hostNetwork): the sidecar's port would be open on the node, to everybody. --mode hook or entrypoint have none");
    let outcome = inject(&deployment(&format!("{PLAIN}hostNetwork: true\n")), &options(Mode::Hook)).unwrap();
    insta::assert_snapshot!(outcome.notes.join("\n"), @"deployment/web: it is on the host's network (hostNetwork): whether new connections still come is counted for the whole node there, so the drain waits longer, up to its limits");
}

#[test]
fn given_lameduck_by_hand_then_it_is_left_so() {
    let text = include_str!("../../../deploy/kubernetes/gunicorn.yaml");
    insta::assert_snapshot!(refusal(text, &options(Mode::Entrypoint)), @"deployment/web: container web runs under lameduck already, by hand: take that away, or leave it so");
    let text = include_str!("../../../deploy/kubernetes/sidecar.yaml");
    let refusal = refusal(text, &options(Mode::Sidecar));
    insta::assert_snapshot!(refusal.lines().next().unwrap(), @"deployment/web: it has a container lameduck already, by hand: take that away, or leave it so");
}

#[test]
fn given_no_command_then_it_has_to_be_given_and_else_it_must_not() {
    let none = PLAIN.replace("  command: [gunicorn]\n", "");
    insta::assert_snapshot!(refusal(&deployment(&none), &options(Mode::Entrypoint)), @"deployment/web: container web has no command, and what its image runs is not known here: give it with --command");
    let given =
        Options { command: vec!["gunicorn".to_owned(), "a b".to_owned()], ..options(Mode::Entrypoint) };
    let text = assert_exact(&deployment(&none), &given);
    let line = text.lines().find(|line| line.contains("command:")).unwrap();
    insta::assert_snapshot!(line.trim(), @r#"command: [/lameduck/lameduck, run, "--", gunicorn, "a b"]"#);
    insta::assert_snapshot!(refusal(&deployment(PLAIN), &given), @"deployment/web: container web has a command of its own: leave --command out");
}

#[test]
fn given_several_containers_then_the_servers_has_to_be_named() {
    let two = format!("{PLAIN}- name: proxy\n  image: proxy:1\n");
    insta::assert_snapshot!(refusal(&deployment(&two), &options(Mode::Hook)), @"deployment/web: it has the containers web, proxy: name the server's with --container");
    let named = Options { container: Some("proxy".to_owned()), ..options(Mode::Hook) };
    assert_exact(&deployment(&two), &named);
    insta::assert_snapshot!(refusal(&deployment(PLAIN), &named), @"no workload has a container proxy");
    let both = format!(
        "{}---\n{}",
        deployment(PLAIN),
        deployment(&two).replace("name: web\nspec", "name: front\nspec")
    );
    let outcome = inject(&both, &named).unwrap();
    assert_eq!(outcome.changed, ["deployment/front"]);
    insta::assert_snapshot!(outcome.notes.join("\n"), @"deployment/web: left alone: it has no container proxy");
    let annotated = deployment(&two).replace(
        "    spec:\n",
        "    metadata: {annotations: {kubectl.kubernetes.io/default-container: web}}\n    spec:\n",
    );
    assert_exact(&annotated, &options(Mode::Hook));
}

#[test]
fn given_workloads_that_are_chosen_then_the_others_are_left_alone() {
    let both = format!(
        "{}---\n{}",
        deployment(PLAIN),
        deployment(PLAIN).replace("name: web\nspec", "name: worker\nspec")
    );
    let only = |names: &[&str]| Options {
        workloads: names.iter().map(|name| (*name).to_owned()).collect(),
        ..options(Mode::Hook)
    };
    assert_eq!(inject(&both, &only(&["deployment/worker"])).unwrap().changed, ["deployment/worker"]);
    assert_eq!(inject(&both, &only(&["web"])).unwrap().changed, ["deployment/web"]);
    insta::assert_snapshot!(refusal(&both, &only(&["web", "statefulset/worker"])), @"there is no statefulset/worker: --workload names one such as deployment/web");
    let first = assert_exact(&both, &only(&["web"]));
    let second = injected(&first, &only(&["worker"]));
    assert_eq!(second, injected(&both, &options(Mode::Hook)), "one after the other is both at once");
}

#[test]
fn given_a_sidecar_then_it_needs_one_port_that_is_not_its_own() {
    let ports = |ports: &str| deployment(&PLAIN.replace("[{containerPort: 8000}]", ports));
    insta::assert_snapshot!(refusal(&ports("[]"), &options(Mode::Sidecar)), @"deployment/web: container web names no port: give the server's with --port");
    insta::assert_snapshot!(refusal(&ports("[{containerPort: 8000}, {containerPort: 8001}]"), &options(Mode::Sidecar)), @"deployment/web: container web has the ports 8000, 8001: name the server's with --port");
    insta::assert_snapshot!(refusal(&ports("[{containerPort: 9180}]"), &options(Mode::Sidecar)), @"deployment/web: port 9180 is the sidecar's: give it another with --env LAMEDUCK_HTTP=[::]:9181");
    let at = |address: &str| {
        let env = vec![("LAMEDUCK_HTTP".to_owned(), address.to_owned())];
        Options { env, ..options(Mode::Sidecar) }
    };
    insta::assert_snapshot!(refusal(&ports("[{containerPort: 8000}]"), &at("9181")), @"deployment/web: LAMEDUCK_HTTP=9181: an address is IP:PORT without a name, such as 0.0.0.0:8000 or [::]:8000");
    let elsewhere = at("[::]:9181");
    let text = assert_exact(&ports("[{containerPort: 9180}]"), &elsewhere);
    assert!(text.contains("containerPort: 9181") && text.contains("port: 9181"), "{text}");
    let several = Options { ports: vec![8000, 8001], ..options(Mode::Sidecar) };
    assert!(assert_exact(&ports("[]"), &several).contains("args: [sidecar, \"--port\", \"8000,8001\"]"));
}

#[test]
fn given_what_is_shared_by_an_anchor_then_it_is_not_edited() {
    let shared = "
containers:
- name: web
  image: web:1
  env: &env
  - {name: A, value: b}
- name: worker
  image: web:1
  env: *env
";
    let of = |container: &str| Options { container: Some(container.to_owned()), ..options(Mode::Hook) };
    insta::assert_snapshot!(refusal(&deployment(shared), &of("web")), @"deployment/web: line 11: env is shared by an anchor, and what is written there would be meant elsewhere too: write it out");
    insta::assert_snapshot!(refusal(&deployment(shared), &of("worker")), @"deployment/web: line 15: env is shared by an anchor, and what is written there would be meant elsewhere too: write it out");
    let merged = "
containers:
- name: web
  <<: &common {image: \"web:1\"}
";
    insta::assert_snapshot!(refusal(&deployment(merged), &options(Mode::Hook)), @"deployment/web: line 9: web is merged from an anchor (<<): write it out");
    let unused = shared.replace("*env", "[]");
    assert_exact(&deployment(&unused), &of("web"));
}
