//! The chart of docs/helm.md, before and after: the diff that is shown there is the one between two charts that work.
use crate::support::charts::Charts;
use crate::support::helm::{Helm, by_both};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    by_both("the_chart_of_the_documentation_is_drained_by_the_diff_that_is_shown_there", &Ok(()), documented)
}

fn documented(helm: &Helm) {
    let charts = Charts::new(helm);
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/docs/helm.md")).expect("docs/helm.md");
    let shown = text.split("```diff\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a diff");
    assert_eq!(shown, difference());
    // Before, and switched off: the same. Switched on: drained.
    let rendered = |chart: &str, values: Value| {
        let text = charts.template(chart, &values, &[]).unwrap_or_else(|said| panic!("{said}"));
        charts.documents(&text)
    };
    let before = rendered("before", json!({}));
    assert_eq!(rendered("after", json!({"lameduck": {"enabled": false}})), before);
    assert_eq!(rendered("after", json!({"lameduck": {"mode": "off"}})), before);
    let command = &rendered("after", json!({}))[0]["spec"]["template"]["spec"]["containers"][0]["command"];
    assert_eq!(*command, json!(["/lameduck/lameduck", "run", "--", "gunicorn", "--workers=2", "shop.wsgi"]));
}

fn difference() -> String {
    let files = ["Chart.yaml", "values.yaml", "templates/deployment.yaml"];
    let of = |file: &str| {
        let label = |side: &str| format!("--label={side}/{file}");
        let output = Command::new("diff")
            .args(["-u", &label("a"), &label("b"), &format!("before/{file}"), &format!("after/{file}")])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/charts/fixtures"))
            .output()
            .expect("diff");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    files.map(of).concat()
}
