//! What both writers refuse, and the words that both say.
use crate::bases::{container, deployment};
use crate::support::charts::Charts;
use crate::support::helm::{Helm, by_both};
use crate::writers::{MODES, inject, render, with};
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    by_both("the_library_chart_refuses_what_inject_refuses", &Ok(()), refused)
}

/// A manifest, options, the modes in which they are refused, and words of the sentence.
type Refusal = (String, Value, &'static [&'static str], &'static str);

/// The server's container with this in it.
fn of(change: &Value) -> String {
    deployment(&container(change))
}

/// The pod with this in it.
fn spec(change: &Value) -> String {
    deployment(&json!({"spec": change}))
}

fn by_hooks_and_times() -> Vec<Refusal> {
    let hook = |hook: Value| of(&json!({"lifecycle": {"preStop": hook}}));
    let exec = |words: &[&str]| hook(json!({"exec": {"command": words}}));
    let none = || json!({});
    let plain = || deployment(&none());
    vec![
        (exec(&["/bin/stop"]), none(), &["entrypoint", "hook"], "there is a preStop hook"),
        (exec(&["/bin/stop"]), json!({"chain": true}), &["sidecar"], "cannot be chained"),
        (
            hook(json!({"httpGet": {"path": "/", "port": 1}})),
            json!({"chain": true}),
            &["hook", "sidecar"],
            "cannot be chained",
        ),
        (hook(json!({"sleep": {"seconds": 5}})), json!({"chain": true}), &MODES, "only sleeps"),
        (exec(&["/bin/sh", "-c", "sleep 15"]), json!({"chain": true}), &MODES, "only sleeps"),
        (exec(&["sleep", "15"]), json!({"chain": true}), &MODES, "only sleeps"),
        (spec(&json!({"terminationGracePeriodSeconds": 29})), none(), &MODES, "raise it to 30"),
        (plain(), json!({"env": {"LAMEDUCK_TIMEOUT": "26s"}}), &MODES, "raise it to 31"),
        (
            of(&json!({"env": [{"name": "LAMEDUCK_RESERVE", "value": "6"}]})),
            none(),
            &["hook"],
            "raise it to 31",
        ),
        (plain(), json!({"env": {"LAMEDUCK_PROPAGATION": "cloud-lb"}}), &MODES, "the server goes on for"),
        (plain(), json!({"env": {"LAMEDUCK_LAME_DUCK": "25000ms"}}), &MODES, "the server goes on for"),
        (plain(), json!({"env": {"LAMEDUCK_TIMEOUT": "soon"}}), &MODES, "a duration is a number with a unit"),
    ]
}

fn by_what_is_there() -> Vec<Refusal> {
    let none = || json!({});
    vec![
        (of(&json!({"command": null})), none(), &["entrypoint"], "has no command"),
        (deployment(&none()), json!({"command": ["a"]}), &["entrypoint"], "has a command of its own"),
        (spec(&json!({"os": {"name": "windows"}})), none(), &MODES, "it is for Windows"),
        (
            spec(&json!({"nodeSelector": {"kubernetes.io/os": "windows"}})),
            none(),
            &MODES,
            "it is for Windows",
        ),
        (spec(&json!({"hostNetwork": true})), none(), &["sidecar"], "it is on the host's network"),
        (of(&json!({"command": ["/bin/lameduck", "run"]})), none(), &MODES, "under lameduck already"),
        (of(&json!({"command": null, "args": ["lameduck"]})), none(), &["hook"], "under lameduck already"),
        (
            spec(&json!({"initContainers": [{"name": "lameduck", "image": "a"}]})),
            none(),
            &MODES,
            "a container lameduck already",
        ),
        (
            spec(&json!({"volumes": [{"name": "lameduck", "emptyDir": {}}]})),
            none(),
            &MODES,
            "a volume lameduck already",
        ),
        (
            of(&json!({"volumeMounts": [{"name": "a", "mountPath": "/lameduck"}]})),
            none(),
            &MODES,
            "mounted at /lameduck",
        ),
        (of(&json!({"ports": null})), none(), &["sidecar"], "names no port"),
        (
            of(&json!({"ports": [{"containerPort": 9180}]})),
            none(),
            &["sidecar"],
            "port 9180 is the sidecar's",
        ),
        (
            of(&json!({"ports": [{"containerPort": 1}, {"containerPort": 2}]})),
            none(),
            &["sidecar"],
            "has the ports 1",
        ),
        (
            spec(&json!({"containers": [{}, {"name": "other"}]})),
            none(),
            &MODES,
            "it has the containers web, other",
        ),
        (spec(&json!({"initContainers": [{"name": "web", "image": "a"}]})), none(), &MODES, "two "),
    ]
}

fn refused(helm: &Helm) {
    let charts = Charts::new(helm);
    for (manifest, options, modes, words) in by_hooks_and_times().into_iter().chain(by_what_is_there()) {
        for mode in modes {
            let options = with(&options, mode);
            for said in [inject(&manifest, &options), render(&charts, &manifest, "{}", &options)] {
                let said = said.expect_err(&format!("{manifest}\n{options}"));
                assert!(said.contains(words), "{words}: {said}");
            }
        }
    }
    let none = || json!({});
    // What inject's command line refuses.
    let options = [
        (json!({"image": ""}), "no image of lameduck's"),
        (json!({"mount": "image", "mode": "sidecar"}), "`mount: image` is for"),
        (json!({"mesh": "istio"}), "`mesh` is for"),
        (json!({"command": ["a"]}), "`command` is for"),
        (json!({"container": "nowhere"}), "it has no container nowhere"),
    ];
    for (change, words) in options {
        let mut options = with(&none(), "hook");
        options.as_object_mut().expect("a map").extend(change.as_object().expect("a map").clone());
        let said = render(&charts, &deployment(&none()), "{}", &options).expect_err(words);
        assert!(said.contains(words), "{words}: {said}");
    }
}
