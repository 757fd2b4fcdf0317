//! The application chart over a matrix of values: what has to be in it, and that lint and Kubernetes' schemas find nothing.
use crate::matrix::all_values;
use crate::support::charts::{Charts, of_kind};
use crate::support::helm::{Helm, by_both};
use crate::support::python::environment;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/charts/requirements.txt");
const VALIDATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/charts/validate.py");

pub fn trials() -> Vec<Trial> {
    let lint = by_both("lint_finds_nothing_in_the_charts_over_a_matrix_of_values", &Ok(()), lint);
    let matrix = by_both(
        "the_web_chart_is_what_its_values_say_and_what_the_schemas_of_kubernetes_ask",
        &Ok(()),
        matrix,
    );
    let notes = by_both("what_cannot_be_is_said_by_the_web_chart", &Ok(()), refused);
    lint.into_iter().chain(matrix).chain(notes).collect()
}

fn lint(helm: &Helm) {
    let charts = Charts::new(helm);
    let strict = |words: &[&str]| {
        let output = charts.helm(&[&["lint", "--strict"], words].concat());
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && said.contains("1 chart(s) linted, 0 chart(s) failed"),
            "{words:?}: {said}"
        );
    };
    strict(&[&charts.path("lameduck")]);
    for values in all_values() {
        let file = charts.values(&values).display().to_string();
        strict(&[&charts.path("lameduck-web"), "--values", &file]);
    }
}

fn matrix(helm: &Helm) {
    let charts = Charts::new(helm);
    let mut lines = String::new();
    for values in all_values() {
        let text = charts.template("lameduck-web", &values, &["--kube-version", "1.29"]);
        let documents = charts.documents(&text.unwrap_or_else(|said| panic!("{values}: {said}")));
        check(&values, &documents);
        for document in &documents {
            let line = document.to_string();
            if !lines.contains(&line) {
                let _ = writeln!(lines, "{line}");
            }
        }
    }
    println!("{}", validated(&lines));
}

/// What Kubernetes' schemas say of documents, one a line.
fn validated(lines: &str) -> String {
    let python = environment("kubernetes-schemas", REQUIREMENTS).join("bin/python");
    let mut child = Command::new(python)
        .arg(VALIDATE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python");
    child.stdin.take().expect("its standard input").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("python");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn check(values: &Value, documents: &[Value]) {
    let (kind, mode) = (values["kind"].as_str().expect("a kind"), &values["drain"]["mode"]);
    let full = !values["global"].is_null();
    let spec = &of_kind(documents, kind)["spec"];
    let pod = &spec["template"]["spec"];
    let container = &pod["containers"][0];
    // It is drained as it was asked to be, or not at all.
    let command = &container["command"];
    let pre_stop = &container["lifecycle"]["preStop"];
    match mode.as_str().expect("a mode") {
        "entrypoint" => assert_eq!(*command, json!(["/lameduck/lameduck", "run", "--", "gunicorn"])),
        "hook" => assert_eq!(pre_stop["exec"]["command"], json!(["/lameduck/lameduck", "wait"])),
        "sidecar" => {
            assert_eq!(pre_stop["httpGet"]["path"], "/drain");
            assert_eq!(
                pod["initContainers"][0]["args"],
                json!(["sidecar", "--port", container["ports"][0]["containerPort"].to_string()])
            );
        }
        _ => {
            let text = pod.to_string().replace("lameduck-web", "");
            assert!(!text.contains("lameduck") && !text.contains("LAMEDUCK"), "{text}");
            assert!(pod["initContainers"].is_null(), "{pod}");
        }
    }
    if *mode != "off" {
        let deadline = format!("{}s", pod["terminationGracePeriodSeconds"]);
        assert!(
            pod.to_string().contains(&format!("\"LAMEDUCK_DEADLINE\",\"value\":\"{deadline}\"")),
            "{pod}"
        );
    }
    // Each selector finds the pods, and those of the test are none of them.
    let labels = spec["template"]["metadata"]["labels"].as_object().expect("labels");
    let test = of_kind(documents, "Pod")["metadata"]["labels"].as_object().expect("labels").clone();
    let mut selectors =
        vec![&spec["selector"]["matchLabels"], &of_kind(documents, "Service")["spec"]["selector"]];
    let wanted = |kind: &str, wanted: bool| {
        assert_eq!(documents.iter().any(|document| document["kind"] == kind), wanted, "{kind}: {values}");
    };
    wanted("PodDisruptionBudget", true);
    selectors.push(&of_kind(documents, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]);
    for kind in ["HorizontalPodAutoscaler", "ServiceMonitor", "NetworkPolicy"] {
        wanted(kind, full);
    }
    assert_eq!(spec["replicas"].is_null(), full, "an autoscaler's number is its own");
    if full {
        selectors.push(&of_kind(documents, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]);
        let sidecar = *mode == "sidecar";
        let monitored =
            of_kind(documents, "ServiceMonitor")["spec"]["endpoints"].as_array().expect("endpoints").len();
        assert_eq!(monitored, if sidecar { 2 } else { 1 });
        let ingress = of_kind(documents, "NetworkPolicy")["spec"]["ingress"].as_array().expect("rules").len();
        assert_eq!(ingress, if sidecar { 2 } else { 1 });
    }
    for selector in selectors {
        let selector = selector.as_object().expect("a selector");
        assert!(!selector.is_empty());
        let finds = |labels: &serde_json::Map<String, Value>| {
            selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        };
        assert!(finds(labels) && !finds(&test), "{selector:?}");
    }
    // The account of the Role is that of the pods, and its token is there only for it.
    let role = documents
        .iter()
        .any(|document| document["metadata"]["name"] == "lameduck-shop" && document["kind"] == "Role");
    assert_eq!(role, full && *mode != "off");
    assert_eq!(pod["automountServiceAccountToken"], full);
    assert_eq!(pod["serviceAccountName"], if full { "shop" } else { "web" });
}

fn refused(helm: &Helm) {
    let charts = Charts::new(helm);
    let lameduck = json!({"image": "registry.example/lameduck:1"});
    for (values, words) in [
        (json!({}), "`image` is not set"),
        (json!({"image": "a", "command": ["a"]}), "no image of lameduck's is given"),
        (json!({"image": "a", "drain": lameduck}), "container web has no command"),
        (
            json!({"image": "a", "command": ["a"], "drain": lameduck, "terminationGracePeriodSeconds": 20}),
            "raise it to 30",
        ),
        (
            json!({"image": "a", "drain": {"mode": "off"}, "serviceMonitor": {"enabled": true}}),
            "there is nothing to scrape",
        ),
        (
            json!({"image": "a", "drain": {"mode": "off"}, "autoscaling": {"enabled": true, "minReplicas": 11}}),
            "is more than",
        ),
    ] {
        let said = charts.template("lameduck-web", &values, &[]).expect_err(words);
        assert!(said.contains(words), "{words}: {said}");
    }
    let old = charts.template(
        "lameduck-web",
        &json!({"image": "a", "drain": {"mode": "off"}}),
        &["--kube-version", "1.28"],
    );
    assert!(old.expect_err("1.28").contains("requires kubeVersion"));
}
