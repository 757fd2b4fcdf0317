//! `lameduck doctor`, called in pods of the cluster (kubectl exec): what it says of them, and of the hooks in them.
use super::cluster::{Namespace, image, wait_for};
use super::pods::{Pods, restricted};
use super::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::{Value, json};

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("given_a_restricted_pod_then_the_doctor_says_what_its_drain_takes", needs, of_run),
        trial("given_a_restricted_pod_then_the_doctor_says_that_a_hook_has_no_gate", needs, of_wait),
        trial("given_a_sidecar_then_the_doctor_says_whether_it_may_join_the_app", needs, of_sidecar),
        trial("given_a_service_account_then_the_doctor_says_what_it_may", needs, of_the_api),
    ]
}

/// What it says in a pod, as JSON.
struct Page(Value);

impl Page {
    fn of(namespace: &Namespace, pod: &str, options: &[&str]) -> Self {
        Self::in_container(namespace, &[pod], options)
    }

    fn in_container(namespace: &Namespace, container: &[&str], options: &[&str]) -> Self {
        let words = [&["exec"], container, &["--", "lameduck", "doctor", "--json"], options].concat();
        let output = namespace.command(&words).output().unwrap();
        let [said, wrong] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        // kubectl ends with 1 where what it runs does.
        assert_eq!(output.status.code(), Some(1), "{said}{wrong}");
        println!("{said}");
        Self(serde_json::from_str(&said).unwrap())
    }

    fn plan(&self) -> [&Value; 4] {
        ["capture", "gate", "parks", "promise"].map(|name| &self.0[name])
    }

    /// State, what was seen, and what to set.
    fn line(&self, subject: &str) -> [&str; 3] {
        let findings = self.0["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["subject"] == subject).expect(subject);
        ["state", "seen", "advice"].map(|name| finding[name].as_str().unwrap_or_default())
    }
}

fn of_run() {
    let namespace = Namespace::new();
    let workload = Pods::under_lameduck("sync").start(&namespace);
    let page = Page::of(&namespace, &workload.pods()[0], &[]);
    assert_eq!(page.plan(), [&json!("bind"), &json!("divert"), &json!(false), &json!("weaker")]);
    let [state, seen, advice] = page.line("pidfd_getfd");
    assert_eq!((state, seen.contains("not permitted")), ("missing", true), "{seen}");
    assert!(advice.contains("deploy/seccomp"), "{advice}");
    assert!(
        page.line("confinement")[1]
            .starts_with("user 65532, capabilities none, seccomp a filter, no_new_privs set")
    );
    // The manifest mounts no token, and has said the grace period.
    let [state, seen, advice] = page.line("API server");
    assert_eq!((state, seen.contains("token: No such file")), ("missing", true), "{seen}");
    assert!(advice.contains("automountServiceAccountToken"), "{advice}");
    assert!(page.line("grace period")[1].starts_with("30s: 25s for the drain"), "{}", page.0);
    assert_eq!(page.line("termination log")[..2], ["ok", "/dev/termination-log may be written"]);
}

fn of_wait() {
    let namespace = Namespace::new();
    let workload = Pods::plain("sync").start(&namespace);
    let page = Page::of(&namespace, &workload.pods()[0], &["--way", "wait"]);
    assert_eq!(page.plan(), [&json!("none"), &json!("none"), &json!(false), &json!("weaker")]);
    let [state, seen, _] = page.line("server");
    assert!(state == "missing" && seen.starts_with("process 1 ("), "{seen}");
    assert!(page.line("control groups")[1].ends_with("they are the server's"), "{}", page.0);
}

/// A pod with gunicorn, and these options of it.
fn pod(options: &[&str]) -> Value {
    let command = ["gunicorn", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm"];
    let command = [&command, options, &["app:application"]].concat();
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {"containers": [{
            "name": "web", "image": image(), "securityContext": restricted(),
            "command": command,
            "readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1},
        }]},
    })
}

fn of_sidecar() {
    for (option, gate) in [(&[][..], "none"), (&["--reuse-port"], "divert")] {
        let namespace = Namespace::new();
        let mut pod = pod(option);
        pod["spec"]["initContainers"] = json!([{
            "name": "lameduck", "image": image(), "securityContext": restricted(), "restartPolicy": "Always",
            "command": ["lameduck", "sidecar"], "env": [{"name": "LAMEDUCK_PORT", "value": "8000"}],
        }]);
        namespace.apply(&pod);
        namespace.wait_for("condition=Ready", &["pod/web"]);
        let page =
            Page::in_container(&namespace, &["pod/web", "--container=lameduck"], &["--way", "sidecar"]);
        assert_eq!(page.plan(), [&json!("none"), &json!(gate), &json!(false), &json!("weaker")]);
        assert_eq!(page.line("server")[0], if gate == "none" { "weaker" } else { "ok" });
    }
}

fn of_the_api() {
    let namespace = Namespace::new();
    namespace.kubectl(&["create", "serviceaccount", "web"]);
    let role = ["--verb=list,watch", "--resource=endpointslices.discovery.k8s.io"];
    namespace.kubectl(&[&["create", "role", "lameduck"][..], &role].concat());
    let name =
        namespace.get(&["serviceaccount", "web"])["metadata"]["namespace"].as_str().unwrap().to_owned();
    let account = format!("--serviceaccount={name}:web");
    namespace.kubectl(&["create", "rolebinding", "lameduck", "--role=lameduck", &account]);
    // Given: one pod behind a Service.
    let mut pod = pod(&[]);
    pod["spec"]["serviceAccountName"] = "web".into();
    pod["spec"]["terminationGracePeriodSeconds"] = 1.into();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8000}]},
    });
    namespace.apply(&service);
    namespace.apply(&pod);
    namespace.wait_for("condition=Ready", &["pod/web"]);
    let endpoint = "{.endpoints[*].targetRef.name}";
    let wait = format!("--for=jsonpath={endpoint}=web");
    namespace.kubectl(&[
        "wait",
        &wait,
        "--timeout=180s",
        "endpointslices",
        "--selector=kubernetes.io/service-name=web",
    ]);
    let page = Page::of(&namespace, "pod/web", &["--own-pod", "read"]);
    assert_eq!(page.line("API server")[..2], ["ok", &*format!("answers for the namespace {name}")]);
    for subject in ["list endpointslices", "watch endpointslices"] {
        assert_eq!(page.line(subject)[..2], ["ok", "the service account may"]);
    }
    let [state, seen, advice] = page.line("get pods");
    assert_eq!((state, seen), ("weaker", "the service account may not"));
    assert!(advice.contains("verbs: [get]"), "{advice}");
    let [state, seen, _] = page.line("this pod");
    assert!(
        state == "ok" && seen.starts_with("web is an endpoint of web; no other of web is ready"),
        "{seen}"
    );
    // And when it may be read, its own grace period is compared with what lameduck would take.
    namespace.kubectl(&["create", "role", "pods", "--verb=get", "--resource=pods"]);
    namespace.kubectl(&["create", "rolebinding", "pods", "--role=pods", &account]);
    // The API server hears of its own Roles a moment later.
    let page = wait_for("the grant", || {
        let page = Page::of(&namespace, "pod/web", &[]);
        let is_granted = page.line("get pods")[1] == "the service account may; it is not asked for";
        is_granted.then_some(page)
    });
    let [state, seen, advice] = page.line("grace period");
    assert!(state == "missing" && seen.starts_with("the pod has 1s, which lameduck is not told"), "{seen}");
    assert!(advice.contains("LAMEDUCK_DEADLINE=1s"), "{advice}");
}
