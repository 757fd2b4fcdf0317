//! One truth, two writers: the library chart adds to a pod's template what `lameduck inject` adds to it.
use crate::bases::{deployment, of_file};
use crate::cases::cases;
use crate::support::charts::{Charts, of_kind};
use crate::support::helm::{Helm, by_both};
use crate::writers::{IMAGE, arguments, bare, inject, render, run, with};
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    let same = by_both("the_library_chart_adds_what_inject_adds", &Ok(()), same);
    let off = by_both("a_template_of_the_library_chart_that_is_switched_off_stays_as_it_was", &Ok(()), off);
    same.into_iter().chain(off).collect()
}

fn same(helm: &Helm) {
    let charts = Charts::new(helm);
    let mut seen = 0;
    for (manifest, options, modes) in cases() {
        for mode in modes {
            let options = with(&options, mode);
            let injected = inject(&manifest, &options).unwrap_or_else(|said| panic!("{options}: {said}"));
            let rendered = render(&charts, &manifest, &injected, &options);
            let documents = charts.documents(&rendered.unwrap_or_else(|said| panic!("{options}: {said}")));
            let pods =
                documents.iter().find(|document| !document["drained"].is_null()).expect("the template");
            assert_eq!(bare(&pods["drained"]), bare(&pods["injected"]), "{manifest}\n{options}");
            assert_eq!(pods["untouched"], false);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
    // Its Role and binding, too.
    let options = with(&json!({"env": {"LAMEDUCK_OWN_POD": "read"}}), "hook");
    let manifest = deployment(&json!({"spec": {"serviceAccountName": "web"}}));
    let rendered = charts.documents(&render(&charts, &manifest, "{}", &options).expect("a manifest"));
    let injected =
        run(&manifest, &[arguments(&options), vec!["--with-rbac".to_owned()]].concat()).expect("one");
    let injected: Vec<Value> = serde_json::Deserializer::from_str(&injected)
        .into_iter()
        .map(|object| object.expect("JSON"))
        .collect();
    for kind in ["Role", "RoleBinding"] {
        assert_eq!(bare(of_kind(&rendered, kind)), bare(of_kind(&injected, kind)));
    }
}

/// By its switch, by `mode: "off"`, and by what YAML takes an unquoted off for.
fn off(helm: &Helm) {
    let charts = Charts::new(helm);
    let manifest = of_file("statefulset.yaml");
    for options in [
        json!({}),
        json!({"enabled": false, "mode": "sidecar", "image": IMAGE}),
        json!({"enabled": true, "mode": "off"}),
        json!({"enabled": true, "mode": false}),
    ] {
        let documents = charts.documents(&render(&charts, &manifest, "{}", &options).expect("a template"));
        assert_eq!(documents.len(), 1, "no Role: {documents:?}");
        assert_eq!(documents[0]["untouched"], true, "{options}");
    }
}
