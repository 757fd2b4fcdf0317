//! A chart that knows nothing of lameduck, installed by Helm 4 with `lameduck inject` as its post-renderer: a rollout under load, an
//! upgrade without the post-renderer, and a release that is uninstalled.
use super::clients::Clients;
use super::cluster::{Namespace, image, program_image};
use super::injected::{have_drained, nothing_is_left, plain};
use super::reports::Reports;
use super::support::helm::Helm;
use super::support::{finish, post_renderer::post_rendering, trial::trial};
use super::workload::Workload;
use libtest_mimic::Trial;
use serde_json::json;

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/another-chart");

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let needs = needs.clone().and_then(|()| Helm::find(4).map(drop));
    let name = "given_another_chart_through_the_post_renderer_then_its_rollout_loses_none";
    vec![trial(name, &needs, post_rendered)]
}

/// gunicorn alone, as the chart's values.
fn values() -> String {
    let objects = plain();
    let mut items = objects["items"].as_array().expect("a list").iter();
    let pod = &items.find(|object| object["kind"] == "Deployment").expect("a Deployment")["spec"]["template"]
        ["spec"];
    let container = &pod["containers"][0];
    let words = ["command", "args"].map(|key| container[key].as_array().expect("words").clone()).concat();
    let security = json!({"securityContext": container["securityContext"]});
    json!({"image": image(), "command": words, "container": security}).to_string()
}

fn post_rendered() {
    let namespace = Namespace::new();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), values()).expect("values");
    let helm = Helm::find(4).expect("Helm 4");
    let called = |words: &[&str], inject: Option<&[&str]>| {
        let mut command = helm.command(words);
        command.args(["--namespace", namespace.name()]);
        if let Some(options) = inject {
            post_rendering(&helm, &mut command, options);
        }
        let output = finish(&mut command);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let upgrade = ["upgrade", "--install", "web", CHART, "--values", file.path().to_str().expect("UTF-8")];
    called(&upgrade, Some(&["--mode=entrypoint", "--image", &program_image()]));
    let workload = Workload::new(&namespace, "Deployment");
    workload.wait_until_available();
    // When: a rollout under load, and an upgrade as if lameduck had never been there.
    let watched = Reports::watch(&namespace);
    let clients = Clients::start(&namespace, &workload.address());
    let mut old = workload.restart();
    old.extend(workload.unique_ids());
    called(&upgrade, None);
    workload.wait_until_available();
    workload.wait_until_gone(&old);
    clients.finish().assert_none_lost_or_refused("another chart, post-rendered");
    have_drained(&watched, &old, "bind", "divert");
    nothing_is_left(&namespace);
    // Then: the release goes, with all that it had.
    called(&["uninstall", "web"], None);
    let left =
        namespace.kubectl(&["get", "deployments,services,configmaps,roles,rolebindings", "--output=name"]);
    assert_eq!(left, "configmap/kube-root-ca.crt\n");
}
