//! The patch of the example for Flux, which gives it to kustomize as it is.
use crate::post_renderer::CHART;
use crate::support::helm::{Helm, by_both};
use crate::tools::{DEPLOY, kubectl, kustomized, lameduck, said};
use libtest_mimic::Trial;
use std::fs;

pub fn trials() -> Vec<Trial> {
    by_both("the_patch_for_flux_adds_what_inject_adds", &kubectl().map(drop), as_by_inject)
}

/// What is behind `patches:`, as a kustomization has it.
fn patches() -> String {
    let text = fs::read_to_string(format!("{DEPLOY}/examples/flux-helmrelease.yaml")).expect("the example");
    let (_, patches) = text.split_once("      patches:\n").expect("patches");
    patches
        .lines()
        .map(|line| line.strip_prefix("      ").expect("the patches are the last").to_owned() + "\n")
        .collect()
}

fn as_by_inject(helm: &Helm) {
    let plain = said(&mut helm.command(&["template", "release", CHART])).expect("the chart");
    let folder = tempfile::tempdir().expect("a folder");
    let (manifest, kustomization) =
        (folder.path().join("manifest.yaml"), folder.path().join("kustomization.yaml"));
    let built = |text: &str, patches: &str| {
        fs::write(&manifest, text).expect("a manifest");
        fs::write(&kustomization, format!("resources: [manifest.yaml]\npatches:\n{patches}"))
            .expect("a kustomization");
        kustomized(folder.path()).expect("kustomize")
    };
    let by_flux = built(&plain, &patches());
    let by_inject = lameduck(&["inject", "--mode=hook", "--image=registry.example/lameduck:1"], &manifest);
    let record = "- target: {group: apps}\n  patch: |\n    - {op: remove, path: /spec/template/metadata/annotations/lameduck.dev~1injected}\n";
    assert_eq!(by_flux, built(&by_inject, record));
}
