//! The kustomize components, over bases like those that there are. kustomize writes what `lameduck inject` made of the same base,
//! too: so the two differ in what they mean only.
mod cases;

use crate::support::trial::trial;
use crate::tools::{DEPLOY, copy, kubectl, kustomized, lameduck, said};
use cases::{CASES, Case};
use libtest_mimic::Trial;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const IMAGE: &str = "registry.example/lameduck:1";
const MODES: [&str; 3] = ["entrypoint", "hook", "sidecar"];

pub fn trials() -> Vec<Trial> {
    let needs = kubectl().map(drop);
    let api = needs.clone().and_then(|()| match std::env::var_os("KUBECONFIG") {
        Some(_) => Ok(()),
        None => Err("KUBECONFIG is not set: `tests/cluster/up --api-only` starts an API server".to_owned()),
    });
    let mut trials = Vec::new();
    for case in CASES {
        let name = format!("components_add_to_{}_what_inject_adds", case.name);
        trials.push(trial(&name, &needs, move || MODES.iter().for_each(|mode| case.check(mode))));
    }
    trials.push(trial("components_over_a_base_are_taken_by_an_api_server", &api, || {
        CASES.iter().for_each(Case::is_taken);
    }));
    trials.push(trial("components_refuse_what_they_would_overwrite", &needs, refusals));
    trials.push(trial("components_leave_what_is_labelled_off", &needs, labelled_off));
    trials
}

/// A folder with the components and a base.
struct Kustomization(TempDir);

impl Kustomization {
    fn new(manifest: &str, patches: &str) -> Self {
        let root = Self(tempfile::tempdir().expect("a folder"));
        copy(format!("{DEPLOY}/components"), root.0.path());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inject/manifests").join(manifest);
        root.write("base", &fs::read_to_string(path).expect("a manifest"), patches);
        root
    }

    /// A folder with a manifest, and what is to become of that.
    fn write(&self, name: &str, manifest: &str, patches: &str) {
        let folder = self.0.path().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("manifest.yaml"), manifest).expect("a manifest");
        fs::write(
            folder.join("kustomization.yaml"),
            format!("resources: [manifest.yaml]\npatches: {patches}\n"),
        )
        .expect("a kustomization");
    }

    /// A folder that lays components over the base.
    fn over(&self, components: &str, patches: &str) {
        let folder = self.0.path().join("over");
        fs::create_dir_all(&folder).expect("a folder");
        let text = format!("resources: [../base]\ncomponents: [{components}]\npatches: {patches}\n");
        fs::write(folder.join("kustomization.yaml"), text).expect("a kustomization");
    }

    fn built(&self, folder: &str) -> Result<String, String> {
        kustomized(&self.0.path().join(folder))
    }
}

impl Case {
    /// The base, and what the component makes of it.
    fn drained(&self, mode: &str) -> (Kustomization, String) {
        let root = Kustomization::new(self.manifest, self.base);
        let patches = if mode == "sidecar" { self.sidecar } else { self.program };
        root.over(&format!("../components/{mode}"), patches);
        let over = root.built("over").unwrap_or_else(|stderr| panic!("{} {mode}: {stderr}", self.name));
        (root, over)
    }

    fn check(&self, mode: &str) {
        let (root, over) = self.drained(mode);
        let base = root.built("base").expect("a base");
        root.write("injected", &base, "");
        let mode_option = format!("--mode={mode}");
        let mut words = vec!["inject", &mode_option, "--image", IMAGE];
        words.extend(self.options);
        if mode == "sidecar" {
            // A component does not know the workload's name.
            words.push("--env=LAMEDUCK_TOKEN=lameduck");
        }
        let injected = lameduck(&words, &root.0.path().join("injected/manifest.yaml"));
        // What `uninject` needs. A component is taken out by its line.
        root.write(
            "injected",
            &injected,
            "
- target: {group: apps}
  patch: |
    - {op: remove, path: /spec/template/metadata/annotations/lameduck.dev~1injected}",
        );
        let injected = root.built("injected").expect("what was injected");
        // A sidecar's annotations were that one alone.
        let injected = injected.replace("      annotations: {}\n", "");
        assert_eq!(over, injected, "{} {mode}: the component on the left", self.name);
        assert_ne!(over, base);
    }

    fn is_taken(&self) {
        for mode in MODES {
            let text = self.drained(mode).1.replace("namespace: shop", "namespace: default");
            let file = tempfile::NamedTempFile::new().expect("a file");
            fs::write(file.path(), &text).expect("the same");
            let kubectl = |words: &[&str]| {
                said(Command::new(kubectl().expect("kubectl")).args(["--namespace=default"]).args(words))
            };
            // Without a controller-manager nobody makes the account that a pod needs.
            if let Err(stderr) = kubectl(&["create", "serviceaccount", "default"]) {
                assert!(stderr.contains("already exists"), "{stderr}");
            }
            let path = file.path().to_str().expect("UTF-8");
            let words =
                ["create", "--dry-run=server", "--validate=strict", "--output=name", "--filename", path];
            let names =
                kubectl(&words).unwrap_or_else(|stderr| panic!("{} {mode}: {stderr}\n{text}", self.name));
            assert_eq!(names.lines().count(), text.matches("\nkind: ").count(), "{names}");
        }
    }
}

fn refusals() {
    let refused = |manifest: &str, base: &str, components: &str| {
        let root = Kustomization::new(manifest, base);
        root.built("base").expect("a base");
        root.over(components, "");
        root.built("over").expect_err(components)
    };
    for mode in MODES {
        // It has hooks.
        let stderr = refused("statefulset.yaml", "", &format!("../components/{mode}"));
        assert!(stderr.contains("containers/0/lifecycle"), "{stderr}");
        // Twice.
        refused("django.yaml", "", &format!("../components/{mode}, ../components/{mode}"));
    }
    let no_command = "
- target: {kind: Deployment}
  patch: |
    - {op: remove, path: /spec/template/spec/containers/0/command}";
    let stderr = refused("django.yaml", no_command, "../components/entrypoint");
    assert!(stderr.contains("containers/0/command"), "{stderr}");
    for two in ["../components/entrypoint, ../components/hook", "../components/hook, ../components/sidecar"] {
        refused("django.yaml", "", two);
    }
}

fn labelled_off() {
    for mode in MODES {
        let root = Kustomization::new(
            "django.yaml",
            "
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /metadata/labels/lameduck.dev~1inject, value: \"off\"}",
        );
        root.over(&format!("../components/{mode}"), "");
        assert_eq!(root.built("over").expect("as it was"), root.built("base").expect("a base"));
    }
}
