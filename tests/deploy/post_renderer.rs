//! `lameduck inject` as the post-renderer of Helm 3 and, by the plugin of deploy/helm, of Helm 4, on a chart that knows nothing of it.
use crate::support::helm::{Helm, by_both};
use crate::support::post_renderer::post_rendering;
use crate::tools::{kubectl, kustomized, lameduck};
use libtest_mimic::Trial;
use std::fs;
use std::process::Output;

/// The chart.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/another-chart");
const IMAGE: &str = "--image=registry.example/lameduck:1";

pub fn trials() -> Vec<Trial> {
    let needs = kubectl().map(drop);
    [
        by_both("another_chart_becomes_what_inject_makes_of_it", &needs, as_by_inject),
        by_both("a_chart_with_nothing_to_inject_passes", &Ok(()), nothing_to_inject),
        by_both("what_inject_refuses_stops_helm_with_its_sentence", &Ok(()), refused),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The chart, rendered with these words of Helm's; through the post-renderer with these of `inject`'s.
fn rendered(helm: &Helm, words: &[&str], inject: Option<&[&str]>) -> Output {
    let mut command = helm.command(&["template", "release", CHART]);
    command.args(words);
    if let Some(inject) = inject {
        post_rendering(helm, &mut command, inject);
    }
    // By pipes, as from a terminal: see deploy/helm/lameduck/post-render for files.
    command.output().expect("helm")
}

/// What was rendered.
fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// As kustomize writes it: each Helm writes the same in its own way.
fn written_alike(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("manifest.yaml"), text).expect("a manifest");
    fs::write(folder.path().join("kustomization.yaml"), "resources: [manifest.yaml]\n")
        .expect("a kustomization");
    kustomized(folder.path()).unwrap_or_else(|stderr| panic!("{stderr}\n{text}"))
}

fn as_by_inject(helm: &Helm) {
    let plain = text(&rendered(helm, &[], None));
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), &plain).expect("the same");
    for mode in ["--mode=entrypoint", "--mode=hook", "--mode=sidecar"] {
        let by_inject = lameduck(&["inject", mode, IMAGE], file.path());
        let by_helm = text(&rendered(helm, &[], Some(&[mode, IMAGE])));
        assert_eq!(written_alike(&by_helm), written_alike(&by_inject), "{mode}");
        assert_eq!(by_helm.matches("lameduck.dev/injected").count(), 1, "the Deployment alone: {by_helm}");
    }
}

fn nothing_to_inject(helm: &Helm) {
    let words = ["--set", "workload=false"];
    let plain = text(&rendered(helm, &words, None));
    assert!(plain.contains("kind: ConfigMap") && !plain.contains("Deployment"), "{plain}");
    assert_eq!(text(&rendered(helm, &words, Some(&["--mode=hook", IMAGE]))).trim(), plain.trim());
}

fn refused(helm: &Helm) {
    let words = ["--set", "pod.terminationGracePeriodSeconds=10"];
    assert!(text(&rendered(helm, &words, None)).contains("terminationGracePeriodSeconds: 10"));
    let output = rendered(helm, &words, Some(&["--mode=hook", IMAGE]));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{stderr}");
    assert!(stderr.contains("lameduck: -: deployment/web: terminationGracePeriodSeconds"), "{stderr}");
}
