//! Values that the schemas do not take, each kind of nonsense once: the sentence names the value.
use crate::support::charts::Charts;
use crate::support::helm::{Helm, by_both};
use libtest_mimic::Trial;
use serde_json::{Value, json};

/// Of the library chart, below the dependency's name; the values, and where the sentence says that they are wrong.
fn of_the_library() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"enabled": "yes"}), "/enabled"),
        (json!({"mode": "entry-point"}), "/mode"),
        (json!({"mode": true}), "/mode"),
        (json!({"image": 1.5}), "/image"),
        (json!({"image": "a b"}), "/image"),
        (json!({"image": {"repository": "a", "tag": "b"}}), "/image"),
        (json!({"pullPolicy": "always"}), "/pullPolicy"),
        (json!({"mount": "hostPath"}), "/mount"),
        (json!({"container": "Web"}), "/container"),
        (json!({"ports": 8000}), "/ports"),
        (json!({"ports": ["8000"]}), "/ports/0"),
        (json!({"ports": [0]}), "/ports/0"),
        (json!({"ports": [65536]}), "/ports/0"),
        (json!({"ports": [1, 1]}), "/ports"),
        (json!({"command": "gunicorn app:app"}), "/command"),
        (json!({"command": [1]}), "/command/0"),
        (json!({"chain": "true"}), "/chain"),
        (json!({"mesh": "consul"}), "/mesh"),
        (json!({"env": ["LAMEDUCK_TIMEOUT=40s"]}), "/env"),
        (json!({"env": {"LAMEDUCK_TIMEOUT": 40}}), "/env/LAMEDUCK_TIMEOUT"),
        (json!({"env": {"LAMEDUCK_TIMEOUT": ""}}), "/env/LAMEDUCK_TIMEOUT"),
        (json!({"env": {"TIMEOUT": "40s"}}), "TIMEOUT"),
        (json!({"requests": "cpu=10m"}), "/requests"),
        (json!({"limits": {"cpu": "much"}}), "/limits/cpu"),
        (json!({"limits": {"cpu": -1}}), "/limits/cpu"),
        (json!({"modus": "hook"}), "modus"),
    ]
}

fn of_the_web_chart() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"image": 2}), "/image"),
        (json!({"imagePullPolicy": "never"}), "/imagePullPolicy"),
        (json!({"imagePullSecrets": ["a"]}), "/imagePullSecrets/0"),
        (json!({"kind": "DaemonSet"}), "/kind"),
        (json!({"replicas": -1}), "/replicas"),
        (json!({"replicas": "2"}), "/replicas"),
        (json!({"command": "gunicorn"}), "/command"),
        (json!({"port": 70000}), "/port"),
        (json!({"env": {"A": "1"}}), "/env"),
        (json!({"env": [{"value": "1"}]}), "/env/0"),
        (json!({"resources": "100m"}), "/resources"),
        (json!({"readinessProbe": "/"}), "/readinessProbe"),
        (json!({"terminationGracePeriodSeconds": "30s"}), "/terminationGracePeriodSeconds"),
        (json!({"podLabels": {"a": 1}}), "/podLabels/a"),
        (json!({"fullnameOverride": "1_a"}), "/fullnameOverride"),
        (json!({"service": {"type": "ExternalName"}}), "/service/type"),
        (json!({"service": {"port": 0}}), "/service/port"),
        (json!({"service": {"ports": []}}), "ports"),
        (json!({"serviceAccount": {"create": 1}}), "/serviceAccount/create"),
        (json!({"rbac": true}), "/rbac"),
        (json!({"podDisruptionBudget": {"maxUnavailable": 0}}), "/podDisruptionBudget/maxUnavailable"),
        (json!({"podDisruptionBudget": {"maxUnavailable": "101%"}}), "/podDisruptionBudget/maxUnavailable"),
        (json!({"autoscaling": {"minReplicas": 0}}), "/autoscaling/minReplicas"),
        (json!({"serviceMonitor": {"path": "metrics"}}), "/serviceMonitor/path"),
        (json!({"serviceMonitor": {"interval": "often"}}), "/serviceMonitor/interval"),
        (json!({"networkPolicy": {"from": [1]}}), "/networkPolicy/from/0"),
        (json!({"test": {"rate": 0}}), "/test/rate"),
        (json!({"test": {"timeout": 1}}), "/test/timeout"),
        (json!({"drian": {}}), "drian"),
    ]
}

pub fn trials() -> Vec<Trial> {
    by_both("the_schemas_refuse_nonsense_and_say_where_it_is", &Ok(()), refused)
}

fn refused(helm: &Helm) {
    let charts = Charts::new(helm);
    let web = json!({"image": "a", "drain": {"mode": "off"}});
    let manifest = json!({"manifest": "spec: {template: {}}\nmetadata: {name: a}", "injected": "{}"});
    // With `global`, which every chart has, and nothing wrong: so it is the nonsense that is refused.
    for (chart, values) in [("lameduck-web", &web), ("manifest", &manifest)] {
        let global = over(values, &json!({"global": {"a": 1}}));
        charts.template(chart, &global, &[]).unwrap_or_else(|said| panic!("{chart}: {said}"));
    }
    for (values, place) in of_the_web_chart() {
        said(&charts, "lameduck-web", &over(&web, &values), place);
    }
    for (values, place) in of_the_library() {
        said(&charts, "manifest", &over(&manifest, &json!({"lameduck": values})), place);
    }
    // Helm itself says this one, before it looks at a schema.
    let no_map = charts.template("lameduck-web", &over(&web, &json!({"drain": "off"})), &[]);
    assert!(no_map.expect_err("no map").contains("type mismatch on drain"));
    // Under its other name, too.
    said(&charts, "lameduck-web", &over(&web, &json!({"drain": {"mode": "none"}})), "/mode");
}

fn over(values: &Value, more: &Value) -> Value {
    let mut values = values.clone();
    for (key, value) in more.as_object().expect("a map") {
        values[key] = value.clone();
    }
    values
}

fn said(charts: &Charts, chart: &str, values: &Value, place: &str) {
    let said = charts.template(chart, values, &[]).expect_err(&format!("{values}"));
    assert!(
        said.contains("don't meet the specifications of the schema") && said.contains(&format!("{place}'")),
        "{place}: {said}"
    );
}
