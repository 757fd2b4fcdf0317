//! Grace periods, propagation, hooks, shells, probes, gunicorn.
use super::*;

const LOAD_BALANCER: &str = "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations: {service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip}\n\
                             spec: {type: LoadBalancer, selector: {app: web}}\n";
const SERVICE: &str =
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n";

#[test]
fn thirty_seconds_behind_a_clouds_load_balancer_are_refused_with_and_without_lameduck() {
    let gate = "readinessGates: [{conditionType: target-health.elbv2.k8s.aws/k8s-web}]";
    for of in [|spec: &str| drained(spec, "", ""), |spec: &str| deployment(spec, "")] {
        let text = of("");
        is(&text, "grace period", State::Ok, &["30s: 25s for the drain"]);
        let behind = text + LOAD_BALANCER;
        is(
            &behind,
            "grace period",
            State::Missing,
            &["within 2m 300ms", "terminationGracePeriodSeconds: 151"],
        );
        is(&behind, "propagation", State::Weaker, &["service/web", "LAMEDUCK_PROPAGATION=cloud-lb"]);
        is(&of(gate), "grace period", State::Missing, &["within 2m 300ms"]);
    }
    let env = "{name: LAMEDUCK_PROPAGATION, value: cloud-lb}, {name: LAMEDUCK_TIMEOUT, value: 146s}";
    let long = drained("terminationGracePeriodSeconds: 151", "", env).replace("value: 30s", "value: 151s");
    is(&(long.clone() + LOAD_BALANCER), "grace period", State::Ok, &["2m 31s"]);
    has_none(&(long + LOAD_BALANCER), "propagation");
}

#[test]
fn who_sends_traffic_slower_than_kube_proxy_is_told() {
    let web = drained("", "", "");
    has_none(&(web.clone() + SERVICE), "propagation");
    let plain = LOAD_BALANCER.replace("nlb-target-type: ip", "nlb-target-type: instance");
    is(
        &(web.clone() + &plain),
        "propagation",
        State::Weaker,
        &["service/web is of the type LoadBalancer", "kube-proxy where they are nodes"],
    );
    is(&(web.clone() + &plain), "grace period", State::Ok, &[]);
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec: {rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]}\n";
    is(
        &(web.clone() + SERVICE + ingress),
        "propagation",
        State::Weaker,
        &["ingress/shop", "LAMEDUCK_PROPAGATION=ingress"],
    );
    has_none(&(web.clone() + SERVICE + &ingress.replace("name: web", "name: other")), "propagation");
    let headless = SERVICE.replace("{selector", "{clusterIP: None, selector");
    is(
        &(web.clone() + &headless),
        "propagation",
        State::Weaker,
        &["service/web is headless", "LAMEDUCK_PROPAGATION=dns"],
    );
    has_none(&(web + &headless + SERVICE), "propagation");
}

#[test]
fn a_grace_period_that_lameduck_is_not_told_or_told_wrong_is_told() {
    let web = drained("terminationGracePeriodSeconds: 20", "", "");
    is(&web, "grace period", State::Missing, &["the pod has 20s, and LAMEDUCK_DEADLINE says 30s"]);
    let untold = deployment("terminationGracePeriodSeconds: 20", "command: [lameduck, run, --, x]");
    is(&untold, "grace period", State::Missing, &["the pod has 20s, which lameduck is not told"]);
    is(
        &drained("terminationGracePeriodSeconds: 60", "", ""),
        "grace period",
        State::Weaker,
        &["the rest is not used"],
    );
    // As it is for the command line of the container, and not for that of its server.
    let by_option = deployment("", "command: [lameduck, run, --timeout=28s, --, x, --timeout=1s]");
    is(&by_option, "grace period", State::Missing, &["it may go on for 33s"]);
    let annotated = |more: &str| {
        let annotations = "{annotations: {lameduck.dev/timeout: 28s, lameduck.dev/injected: whole}, labels";
        drained("", more, "").replace("{labels", annotations)
    };
    is(&annotated(""), "grace period", State::Ok, &[]);
    let mount = "volumeMounts: [{name: podinfo, mountPath: /etc/podinfo}]";
    is(&annotated(mount), "grace period", State::Weaker, &["--timeout is 28s"]);
    is(
        &drained("", "", "{name: LAMEDUCK_TIMEOUT, value: soon}"),
        "options",
        State::Missing,
        &["invalid value 'soon'"],
    );
}

#[test]
fn a_hook_that_only_sleeps_is_needless_and_worse_where_lameduck_counts_on_its_time() {
    let sleeps = "lifecycle: {preStop: {exec: {command: [sleep, '10']}}}";
    is(&deployment("", sleeps), "preStop", State::Weaker, &["10s of 30s", "take it away"]);
    is(&drained("", sleeps, ""), "preStop", State::Missing, &["20s are left", "may take 30s"]);
    is(
        &drained("terminationGracePeriodSeconds: 90", sleeps, ""),
        "preStop",
        State::Weaker,
        &["before lameduck hears"],
    );
    is(&drained("", "lifecycle: {preStop: {exec: {command: [/deregister]}}}", ""), "preStop", State::Ok, &[]);
    has_none(&drained("", "", ""), "preStop");
    has_none(
        &deployment("", "lifecycle: {preStop: {exec: {command: [/lameduck/lameduck, wait]}}}"),
        "preStop",
    );
}

#[test]
fn a_shell_that_stays_before_the_server_is_told() {
    let with = |command: &str| deployment("", &format!("command: {command}"));
    is(
        &with("[sh, -c, 'gunicorn a:a']"),
        "entrypoint",
        State::Missing,
        &["never told to stop", "write exec"],
    );
    is(&with("[sh, -c], args: ['migrate && gunicorn a:a']"), "entrypoint", State::Missing, &[]);
    is(
        &with("[lameduck, run, --, sh, -c, 'gunicorn a:a']"),
        "entrypoint",
        State::Missing,
        &["it is sh that lameduck tells to stop"],
    );
    is(&with("[sh, -c, 'migrate && exec gunicorn a:a']"), "entrypoint", State::Ok, &[]);
    is(&with("[bash, -c, 'gunicorn a:a']"), "entrypoint", State::Ok, &[]);
    is(&with("[gunicorn, a:a]"), "entrypoint", State::Ok, &["no shell"]);
    is(
        &deployment("", "args: [a:a]"),
        "entrypoint",
        State::Ok,
        &["the image's, which is not seen here", "CMD gunicorn"],
    );
    is(&with("[/entrypoint.sh]"), "entrypoint", State::Ok, &["has to begin with exec"]);
}

#[test]
fn a_probe_that_a_busy_sync_worker_has_to_answer_in_a_second_is_told() {
    let with = |command: &str, probe: &str| {
        deployment(
            "",
            &format!("command: [{command}], readinessProbe: {{{probe}}}, livenessProbe: {{{probe}}}"),
        )
    };
    let get = "httpGet: {path: /, port: http}";
    for subject in ["readiness probe", "liveness probe"] {
        is(&with("gunicorn, a:a", get), subject, State::Weaker, &["within 1s", "after 21s", "--threads 2"]);
        is(&with("gunicorn, a:a", &format!("{get}, timeoutSeconds: 5")), subject, State::Ok, &["25s"]);
        is(&with("gunicorn, --threads=4, a:a", get), subject, State::Ok, &[]);
        is(&with("node, a.js", get), subject, State::Ok, &[]);
        // The kernel answers this one, and another listener that one.
        is(
            &with("gunicorn, a:a", "tcpSocket: {port: http}"),
            subject,
            State::Ok,
            &["none of the server's workers"],
        );
        is(
            &with("gunicorn, a:a", "httpGet: {port: 9000}"),
            subject,
            State::Ok,
            &["none of the server's workers"],
        );
    }
    is(&with("gunicorn, a:a", get), "readiness probe", State::Weaker, &["its load goes to the others"]);
    is(&with("gunicorn, a:a", get), "liveness probe", State::Weaker, &["kills the server"]);
    is(&(deployment("", "") + SERVICE), "readiness probe", State::Weaker, &["none: a new pod gets traffic"]);
    has_none(&deployment("", ""), "readiness probe");
    let settle = "{name: LAMEDUCK_SETTLE, value: 2s}";
    let often = "readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 2}";
    is(&drained("", often, settle), "readiness probe", State::Weaker, &["LAMEDUCK_SETTLE_TIMEOUT"]);
    is(&drained("", often, ""), "readiness probe", State::Ok, &[]);
}

#[test]
fn a_graceful_timeout_that_is_longer_than_what_is_left_is_told() {
    let with = |command: &str, env: &str| {
        let env = format!("env: [{{name: LAMEDUCK_DEADLINE, value: 30s}}, {env}]");
        deployment("", &format!("command: [{command}], {env}"))
    };
    let run = "lameduck, run, --, gunicorn";
    is(
        &with(run, ""),
        "graceful_timeout",
        State::Weaker,
        &["30s, by default; 5s are left", "--graceful-timeout=4"],
    );
    is(
        &with(run, "{name: GUNICORN_CMD_ARGS, value: --graceful-timeout 4}"),
        "graceful_timeout",
        State::Ok,
        &[],
    );
    is(
        &with(
            run,
            "{name: LAMEDUCK_KILL_AFTER, value: 3s}, {name: GUNICORN_CMD_ARGS, value: --graceful-timeout 4}",
        ),
        "graceful_timeout",
        State::Weaker,
        &["3s are left"],
    );
    is(
        &with("gunicorn, --graceful-timeout=20", ""),
        "graceful_timeout",
        State::Ok,
        &["30s are left of the grace period"],
    );
    is(&with("gunicorn, -c, conf.py", ""), "graceful_timeout", State::Ok, &["not seen here"]);
    let sleeps = "command: [gunicorn, --graceful-timeout=20], lifecycle: {preStop: {sleep: {seconds: 15}}}";
    is(
        &deployment("", sleeps),
        "graceful_timeout",
        State::Weaker,
        &["15s are left", "terminationGracePeriodSeconds: 36"],
    );
    has_none(&with("uvicorn, a:a", ""), "graceful_timeout");
}
