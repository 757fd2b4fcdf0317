//! The chart charts/lameduck-injector: as Helm renders it, and on an API server, with pods of every kind.
//!
//! | file | subject |
//! |---|---|
//! | `rendered` | without a cluster: lints, values, clusters that are too old |
//! | `cluster`, `release` | kubectl and a namespace; the chart on an API server |
//! | `pods`, `alike` | pods of every kind; each admitted, with what `lameduck inject` adds |
//! | `switches` | on, off, warnings, uninstalled |
//!
//! On a node, with clients: tests/pods/admitted.rs.
#[path = "../support/mod.rs"]
mod support;

mod alike;
mod cluster;
mod pods;
mod release;
mod rendered;
mod switches;

use cluster::Namespace;
use libtest_mimic::Trial;
use release::{Release, Strict};
use support::helm::{Helm, by_both, helms};
use support::trial::trial;

fn main() {
    support::runner::one_at_a_time([rendered::trials(), on_an_api_server()])
}

fn on_an_api_server() -> Vec<Trial> {
    let needs = cluster::needs();
    let helm = helms().into_iter().reduce(Result::or).expect("two");
    let one = needs.clone().and(helm.as_ref().map(|_| ()).map_err(Clone::clone));
    let mut trials = Vec::new();
    let mut add = |name: &str, test: fn(&Helm)| {
        let helm = helm.clone();
        trials
            .push(trial(&format!("{name}_by_an_api_server"), &one, move || test(&helm.expect("as needed"))));
    };
    let alike = "pods_of_every_kind_are_admitted_as_inject_has_them";
    add(&format!("{alike}_in_mode_hook"), |helm| admitted(helm, "hook", "copy"));
    add(&format!("{alike}_in_mode_sidecar"), |helm| admitted(helm, "sidecar", "copy"));
    add(&format!("{alike}_in_mode_entrypoint"), |helm| admitted(helm, "entrypoint", "copy"));
    add(&format!("{alike}_with_an_image_volume"), |helm| admitted(helm, "entrypoint", "image"));
    add("label_and_annotation_switch_it_on_and_off", switches::switched);
    add("a_pod_that_was_admitted_is_left_as_it_is", switches::lived);
    add("who_applies_a_workload_is_warned", switches::warned);
    trials.extend(by_both("an_uninstalled_chart_leaves_nothing_on_an_api_server", &needs, switches::gone));
    trials
}

/// As it is shipped, and with a failurePolicy that hides no error: the same becomes of all pods.
fn admitted(helm: &Helm, mode: &str, mount: &str) {
    let mounted = format!("mount={mount}");
    let [namespace, plain] = [Some(mode), None].map(Namespace::new);
    let shipped = {
        let _release = Release::install(helm, &[&mounted]);
        alike::admitted(&namespace)
    };
    let _strict = Strict::apply(helm, &[&mounted]);
    assert_eq!(alike::essences(&alike::admitted(&namespace)), alike::essences(&shipped));
    alike::assert_alike(mode, mount, &shipped, &plain);
}
