//! What Helm makes of the chart, without a cluster.
use super::release::{CHART, IMAGE};
use super::support::helm::{Helm, by_both};
use libtest_mimic::Trial;
use std::process::Output;

const SERVED: &str = "--api-versions=admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy";

/// Values that the schema shall refuse.
const NONSENSE: [&str; 13] = [
    "image=a b",
    "image=7",
    "mode=hook",
    "mount=volume",
    "pullPolicy=Sometimes",
    "env.PATH=/bin",
    "env.LAMEDUCK_TIMEOUT=",
    "env.LAMEDUCK_TIMEOUT=40",
    "requests.cpu=ten",
    "limits.disk=1Gi",
    "endpointSlices.namespaces={Shop}",
    "canary.enabled=perhaps",
    "canary.timeout=19",
];

/// The trials.
pub fn trials() -> Vec<Trial> {
    let none = Ok(());
    [
        by_both("the_chart_has_nothing_to_be_said_about_it", &none, linted),
        by_both("no_list_of_objects_is_a_patchs_value", &none, no_lists),
        by_both("what_is_rendered_follows_the_values", &none, follows),
        by_both("nonsense_is_refused", &none, refuses_nonsense),
        by_both("a_cluster_that_is_too_old_is_told_of_inject", &none, too_old),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn linted(helm: &Helm) {
    let output = helm
        .command(&["lint", "--strict", CHART, "--set", &format!("image={IMAGE}")])
        .output()
        .expect("helm");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn template(helm: &Helm, words: &[&str]) -> Output {
    helm.command(&["template", "injector", CHART]).args(words).output().expect("helm")
}

fn rendered(helm: &Helm, settings: &[&str]) -> String {
    let image = format!("--set=image={IMAGE}");
    let settings: Vec<String> = settings.iter().map(|setting| format!("--set-string={setting}")).collect();
    let words: Vec<&str> = [SERVED, &image].into_iter().chain(settings.iter().map(String::as_str)).collect();
    let output = template(helm, &words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The places where an object is made that is no field's value: an element of a list, or what becomes of one.
fn objects_in_lists(text: &str) -> Vec<&str> {
    let made = text.match_indices("Object").filter(|(at, word)| {
        let next = text[at + word.len()..].chars().next();
        let is_whole = !text[..*at].ends_with(|before: char| before.is_alphanumeric());
        is_whole && next.is_some_and(|next| ".{".contains(next)) && !text[..*at].trim_end().ends_with(':')
    });
    made.map(|(at, _)| &text[at..text.len().min(at + 60)]).collect()
}

/// Each mount, canaries included. An API server of 1.34 that is given one stops every pod (docs/injector.md).
fn no_lists(helm: &Helm) {
    for bad in [
        "value: [Object.spec.containers.env{name: 'A'}]",
        "value: variables.env.map(v, Object.spec.containers.env{name: v})",
        "env: ok ? [\n  Object.spec.containers.env{name: 'A'}] : []",
    ] {
        assert_eq!(objects_in_lists(bad).len(), 1, "{bad}");
    }
    for mount in ["mount=copy", "mount=image"] {
        let text = rendered(helm, &[mount, "env.LAMEDUCK_TIMEOUT=20s"]);
        assert!(text.matches("value: Object.spec.").count() >= 10, "{text}");
        assert_eq!(objects_in_lists(&text), Vec::<&str>::new());
    }
}

fn follows(helm: &Helm) {
    let text = rendered(helm, &[]);
    assert_eq!(text.matches("kind: MutatingAdmissionPolicy\n").count(), 2, "its own, and the canaries'");
    assert_eq!(text.matches("kind: Job\n").count(), 3);
    assert_eq!(text.matches("failurePolicy: Fail").count(), 2, "of the canaries");
    assert_eq!(text.matches("failurePolicy: Ignore").count(), 3);
    assert!(!text.contains("kind: Role\n"));
    let text = rendered(helm, &["endpointSlices.namespaces={shop,bank}", "pullPolicy=Never"]);
    assert_eq!(text.matches("kind: Role\n").count(), 2);
    assert!(text.contains("system:serviceaccounts:bank") && text.contains("imagePullPolicy: \"Never\""));
    let text = rendered_without_canaries(helm);
    assert!(!text.contains("canary") && !text.contains("failurePolicy: Fail"), "{text}");
    let newest = SERVED.replace("v1beta1", "v1");
    let output = template(helm, &[SERVED, &newest, &format!("--set=image={IMAGE}")]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("v1beta1"));
}

fn rendered_without_canaries(helm: &Helm) -> String {
    let output = template(helm, &[SERVED, &format!("--set=image={IMAGE}"), "--set=canary.enabled=false"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn refuses_nonsense(helm: &Helm) {
    for value in NONSENSE {
        let output = template(helm, &[SERVED, &format!("--set=image={IMAGE}"), "--set", value]);
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && wrong.contains("schema"), "{value}: {wrong}");
        assert!(output.stdout.is_empty(), "{value}");
    }
    let output = template(helm, &[SERVED]);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && wrong.contains("image is not set"), "{wrong}");
    let global = template(helm, &[SERVED, &format!("--set=image={IMAGE}"), "--set=global.name=x"]);
    assert!(global.status.success(), "Helm's own");
}

fn too_old(helm: &Helm) {
    for versions in [
        &["--kube-version=1.30.0"][..],
        &[
            "--kube-version=1.33.0",
            "--api-versions=admissionregistration.k8s.io/v1alpha1/MutatingAdmissionPolicy",
        ],
    ] {
        let image = format!("--set=image={IMAGE}");
        let output = template(helm, &[versions, &[image.as_str()]].concat());
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{versions:?}");
        let version = versions[0].trim_start_matches("--kube-version=");
        for part in [version, "serves no MutatingAdmissionPolicy", "`lameduck inject`"] {
            assert!(wrong.contains(part), "{part}: {wrong}");
        }
        assert!(output.stdout.is_empty());
    }
}
