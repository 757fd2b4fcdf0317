//! What is said of the API server and of this pod, before an API server of the test's own.
use super::{Said, said};
use crate::api_server::{ApiServer, Fault, service_account};
use crate::scene::{UID, beside_another};
use crate::support::trial::trial;
use crate::support::{certificate, finish, lameduck};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

const PERMISSIONS: [&str; 4] = ["list endpointslices", "watch endpointslices", "get pods", "create events"];

pub fn trials() -> Vec<Trial> {
    let openssl = certificate::needs();
    let test = |name, test: fn()| trial(name, &openssl, test);
    vec![
        test("what_is_granted_is_told_and_asked_for_once", granted),
        test("what_is_asked_one_after_the_other_is_asked_on_one_connection", one_connection),
        test("an_image_without_certificate_authorities_is_enough", without_authorities),
        test("what_is_not_granted_is_told_with_the_rule_that_grants_it", denied),
        test("what_is_not_asked_for_may_be_denied", not_asked_for),
        test("an_api_server_that_says_nothing_is_told_with_the_way_out", silent),
        test("a_service_account_that_makes_no_sense_is_told_with_the_way_out", files),
        test("a_pod_that_is_no_endpoint_is_told", no_endpoint),
        test("another_pod_of_the_same_name_is_told", another),
        test("a_grace_period_that_is_not_the_pods_is_told", grace_period),
        #[cfg(feature = "manifests")]
        test("in_a_pod_without_kubectl_the_service_account_asks_for_a_workload", a_workload),
        test("a_load_balancer_that_lameduck_is_not_told_of_is_told", load_balancer),
    ]
}

/// As a pod of this API server.
fn before(api: &ApiServer, account: &Path, options: &[&str]) -> Command {
    let mut command = lameduck();
    command
        .args(["doctor", "--json", "--gate", "divert", "--service-account"])
        .arg(account)
        .args(options)
        .env("KUBERNETES_SERVICE_HOST", api.address.ip().to_string())
        .env("KUBERNETES_SERVICE_PORT", api.address.port().to_string())
        .env("LAMEDUCK_POD_NAME", "web-0")
        .env("LAMEDUCK_POD_UID", UID);
    command
}

/// Whatever it says, what is promised is what is promised elsewhere.
fn asked(api: &ApiServer, options: &[&str]) -> Said {
    let page = said(&mut before(api, &service_account("shop"), options));
    assert_eq!((page.plan(), page.promise()), (("getfd", "divert", true), "full"), "{}", page.0);
    page
}

fn shop(pod: Value) -> ApiServer {
    let api = ApiServer::start();
    api.put(beside_another(8000, true));
    api.objects().pod = Some(pod);
    api
}

fn pod(uid: &str, seconds: u32, gates: &[&str]) -> Value {
    let gates: Vec<Value> = gates.iter().map(|gate| json!({"conditionType": gate})).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0", "namespace": "shop", "uid": uid},
        "spec": {"containers": [], "terminationGracePeriodSeconds": seconds, "readinessGates": gates}})
}

fn granted() {
    let api = shop(pod(UID, 30, &[]));
    let page = asked(&api, &["--deadline", "30s"]);
    assert_eq!(page.of("API server"), ("ok", "answers for the namespace shop"));
    for (subject, more) in
        PERMISSIONS.into_iter().zip(["", "", "; it is not asked for", "; it is not asked for"])
    {
        assert_eq!(page.of(subject), ("ok", &*format!("the service account may{more}")));
    }
    assert_eq!(page.of("this pod"), ("ok", "web-0 is an endpoint of web"));
    // The pod has it, and lameduck was told: 25 s, of which kube-proxy's 1.5 s and a settle.
    assert!(page.of("grace period").1.contains("of which 1s 800ms until traffic"), "{}", page.0);
    let asked = api.objects().asked.clone();
    assert_eq!((asked.len(), api.lists_and_watches()), (6, [1, 0]), "{asked:?}");
}

/// And on another where the API server has closed it without a word.
fn one_connection() {
    for (answers_each, connections) in [(100, 1), (4, 2), (1, 6)] {
        let api = shop(pod(UID, 30, &[]));
        api.objects().answers_each = Some(answers_each);
        let page = asked(&api, &[]);
        assert_eq!(page.of("API server"), ("ok", "answers for the namespace shop"));
        assert_eq!(page.of("get pods"), ("ok", "the service account may; it is not asked for"));
        let objects = api.objects();
        assert_eq!((objects.asked.len(), objects.connections), (6, connections), "{:?}", objects.asked);
    }
}

/// As in an image made from scratch: rustls-native-certs looks where these variables say.
fn without_authorities() {
    let api = shop(pod(UID, 30, &[]));
    let mut command = before(&api, &service_account("shop"), &[]);
    let page = said(command.env("SSL_CERT_FILE", "/no/file").env("SSL_CERT_DIR", "/no/directory"));
    assert_eq!(page.of("API server"), ("ok", "answers for the namespace shop"));
}

fn denied() {
    let api = shop(pod(UID, 30, &[]));
    api.objects().denied.extend([("list", "endpointslices"), ("watch", "endpointslices"), ("get", "pods")]);
    let page = asked(&api, &["--own-pod", "read"]);
    for (subject, verb) in PERMISSIONS.into_iter().zip(["list", "watch", "get"]) {
        assert_eq!(page.of(subject), ("weaker", "the service account may not"));
        assert!(page.advice(subject).contains(&format!("verbs: [{verb}]")), "{}", page.0);
    }
    // And neither is tried.
    let asked = api.objects().asked.clone();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(page.of("grace period").0, "weaker", "it is not known");
}

fn not_asked_for() {
    let api = shop(pod(UID, 30, &[]));
    let all =
        [("list", "endpointslices"), ("watch", "endpointslices"), ("get", "pods"), ("create", "events")];
    api.objects().denied.extend(all);
    let page = asked(&api, &["--withdrawal", "off", "--deadline", "30s"]);
    for subject in PERMISSIONS {
        assert_eq!(page.of(subject), ("ok", "the service account may not; it is not asked for"));
    }
}

fn silent() {
    let told = |fault: Option<Fault>, what: &str, way_out: &str| {
        let api = shop(pod(UID, 30, &[]));
        api.objects().faults.extend(fault);
        let page = asked(&api, &[]);
        let (state, seen) = page.of("API server");
        assert!(state == "missing" && seen.contains(what), "{what}: {seen}");
        assert!(page.advice("API server").contains(way_out), "{way_out}: {}", page.0);
        assert_eq!(api.objects().asked.len(), 1, "there is no use in asking more");
    };
    told(Some(Fault::Status(401, None)), "(401)", "a token that is valid");
    told(Some(Fault::Status(503, None)), "(503)", "try again");
    told(Some(Fault::Body("<html>")), "cannot be read", "what is between it and this pod");
    told(Some(Fault::Silence), "has not answered within 2s", "NetworkPolicy");
    // Everything forbidden: not even the question is permitted.
    let api = shop(pod(UID, 30, &[]));
    api.objects().is_forbidden = true;
    let page = asked(&api, &[]);
    let (state, seen) = page.of("list endpointslices");
    assert!(
        state == "weaker" && seen.contains("may not list endpointslices.discovery.k8s.io (403)"),
        "{seen}"
    );
    // Nobody there: its port was had by a listener that is closed.
    let mut api = shop(pod(UID, 30, &[]));
    api.address.set_port(std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
    let page = asked(&api, &[]);
    assert!(page.of("API server").1.starts_with("cannot be reached: "), "{}", page.0);
    let page = asked(&api, &["--withdrawal", "off"]);
    assert_eq!(page.of("API server").0, "ok", "it is not asked for anything");
}

fn files() {
    for (file, text, what, way_out) in [
        ("token", None, "token: No such file", "automountServiceAccountToken"),
        ("token", Some("two words"), "token: a token has no such characters", "--service-account"),
        ("namespace", Some(""), "namespace: it is empty", "--service-account"),
        ("ca.crt", Some("no certificate"), "ca.crt: it holds no certificate", "--service-account"),
    ] {
        let api = shop(pod(UID, 30, &[]));
        let account = service_account("shop");
        match text {
            None => fs::remove_file(account.join(file)).unwrap(),
            Some(text) => fs::write(account.join(file), text).unwrap(),
        }
        let page = said(&mut before(&api, &account, &[]));
        let (state, seen) = page.of("API server");
        assert!(state == "missing" && seen.contains(what), "{what}: {seen}");
        assert!(page.advice("API server").contains(way_out), "{way_out}: {}", page.0);
        assert_eq!((page.promise(), api.objects().asked.len()), ("full", 0));
    }
    // An authority that is not the API server's.
    let api = shop(pod(UID, 30, &[]));
    let account = service_account("shop");
    fs::copy(&certificate::certificate()[0], account.join("ca.crt")).unwrap();
    let page = said(&mut before(&api, &account, &[]));
    assert!(page.of("API server").1.contains("certificate"), "{}", page.0);
}

fn no_endpoint() {
    let api = shop(pod("uid-9", 30, &[]));
    let page = said(
        before(&api, &service_account("shop"), &["--pod-ip", "127.0.0.7"])
            .env("LAMEDUCK_POD_NAME", "web-9")
            .env("LAMEDUCK_POD_UID", "uid-9"),
    );
    let seen = "web-9 (127.0.0.7) is an endpoint of no Service of shop";
    assert_eq!(page.of("this pod"), ("weaker", seen));
    assert!(page.advice("this pod").contains("LAMEDUCK_POD_NAME"), "{}", page.0);
}

fn another() {
    let api = shop(pod("uid-of-the-next", 30, &[]));
    let page = asked(&api, &["--own-pod", "read"]);
    let (state, seen) = page.of("get pods");
    assert!(state == "weaker" && seen.contains("the pod web-0 is another one"), "{seen}");
}

fn grace_period() {
    let api = shop(pod(UID, 30, &[]));
    let page = asked(&api, &["--deadline", "60s"]);
    assert_eq!(page.of("grace period").0, "missing");
    assert!(page.advice("grace period").contains("LAMEDUCK_DEADLINE=30s"), "{}", page.0);
    assert_eq!(asked(&api, &["--deadline", "60s", "--own-pod", "read"]).of("grace period").0, "ok");
    let page = asked(&api, &["--deadline", "30s", "--propagation", "cloud-lb"]);
    assert_eq!(page.of("grace period").0, "missing");
    assert!(page.advice("grace period").contains("terminationGracePeriodSeconds: 151"), "{}", page.0);
    let api = shop(pod(UID, 10, &[]));
    assert_eq!(asked(&api, &[]).of("grace period").0, "missing", "lameduck goes on for longer");
}

fn load_balancer() {
    let api = shop(pod(UID, 30, &["target-health.elbv2.k8s.aws/k8s-shop-web"]));
    let page = asked(&api, &["--deadline", "30s"]);
    assert_eq!(page.of("propagation").0, "weaker");
    let has_none = |options: &[&str]| {
        let page = asked(&api, options);
        !page.0["findings"].as_array().unwrap().iter().any(|finding| finding["subject"] == "propagation")
    };
    assert!(has_none(&["--own-pod", "read"]) && has_none(&["--propagation", "kube-proxy"]));
}

/// The API server of the tests has one pod, and lists that are empty.
#[cfg(feature = "manifests")]
fn a_workload() {
    let api = ApiServer::start();
    let mut web = pod(UID, 30, &[]);
    web["spec"]["containers"] = json!([{"name": "web", "image": "web", "command": ["gunicorn", "a:a"]}]);
    api.objects().pod = Some(web);
    let mut command = lameduck();
    command
        .args(["doctor", "--json", "pod/web-0", "--service-account"])
        .arg(service_account("shop"))
        .env("KUBECTL", "/nowhere/kubectl")
        .env("KUBERNETES_SERVICE_HOST", api.address.ip().to_string())
        .env("KUBERNETES_SERVICE_PORT", api.address.port().to_string());
    let output = finish(&mut command);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        said.contains("the service account default cannot be read (it is not there, 404)")
            && said.lines().count() == 1,
        "{said}"
    );
    let page: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let workload = &page["workloads"][0];
    assert_eq!(
        (&workload["namespace"], &workload["workload"]),
        (&"shop".into(), &"pod/web-0".into()),
        "{page}"
    );
    assert_eq!(api.objects().asked[0], "/api/v1/namespaces/shop/pods/web-0");
    assert_eq!(api.objects().asked.len(), 9);
    api.objects().is_forbidden = true;
    let output = finish(&mut command);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.contains("you may not get pods in the namespace shop (403)"), "{said}");
}
