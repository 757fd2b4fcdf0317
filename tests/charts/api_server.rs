//! A kube-apiserver, `$KUBECONFIG`, is asked whether it would take what the application chart renders.
use crate::matrix::all_values;
use crate::support::charts::Charts;
use crate::support::helm::{Helm, by_both};
use crate::support::kubectl::{api_server, kubectl};
use libtest_mimic::Trial;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

pub fn trials() -> Vec<Trial> {
    by_both("the_web_chart_is_taken_by_an_api_server", &api_server(), taken)
}

/// All values in one call, each object under a name of its own; fields that it does not know are errors, and nothing is kept.
fn taken(helm: &Helm) {
    let charts = Charts::new(helm);
    let mut all = Vec::new();
    for (number, values) in all_values().iter().enumerate() {
        let text = charts.template("lameduck-web", values, &[]).expect("a chart");
        // A pod needs an account that is there, and a ServiceMonitor its own definition: the schemas' test has both.
        let takes = |document: &Value| document["kind"] != "ServiceMonitor" && document["kind"] != "Pod";
        for mut document in charts.documents(&text).into_iter().filter(takes) {
            let name = document["metadata"]["name"].as_str().expect("a name").to_owned();
            document["metadata"]["name"] = format!("{name}-{number}").into();
            all.push(document);
        }
    }
    let count = all.len();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": all}).to_string();
    let mut child = kubectl()
        .args([
            "create",
            "--dry-run=server",
            "--validate=strict",
            "--output=name",
            "--namespace=default",
            "--filename=-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl");
    let mut stdin = child.stdin.take().expect("its standard input");
    let writer = std::thread::spawn(move || drop(stdin.write_all(list.as_bytes())));
    let output = child.wait_with_output().expect("kubectl");
    writer.join().expect("the writer");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let taken = String::from_utf8_lossy(&output.stdout).lines().count();
    assert_eq!(taken, count);
}
