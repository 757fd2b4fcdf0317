//! A component of `deploy/components` laid over gunicorn alone, by kustomize; a rollout under load, and one without the component.
use super::cluster::{kubectl, program_image};
use super::injected::{in_and_out, plain};
use super::support::{finish, trial::trial};
use libtest_mimic::Trial;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let name = "given_a_base_and_the_component_entrypoint_then_its_rollout_loses_none";
    vec![trial(name, needs, entrypoint)]
}

fn entrypoint() {
    let root = tempfile::tempdir().expect("a folder");
    let components = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/components");
    assert!(Command::new("cp").arg("-R").arg(components).arg(root.path()).status().expect("cp").success());
    let write = |folder: &str, file: &str, text: &str| {
        fs::create_dir_all(root.path().join(folder)).expect("a folder");
        fs::write(root.path().join(folder).join(file), text).expect("a file");
    };
    write("base", "web.json", &plain().to_string());
    write("base", "kustomization.yaml", "resources: [web.json]\n");
    let image = program_image();
    let (name, tag) = image.rsplit_once(':').expect("a tag");
    let images = format!("images: [{{name: registry.example/lameduck, newName: {name}, newTag: '{tag}'}}]");
    write(
        "over",
        "kustomization.yaml",
        &format!("resources: [../base]\ncomponents: [../components/entrypoint]\n{images}\n"),
    );
    let [before, after] = ["base", "over"].map(|folder| built(&root.path().join(folder)));
    in_and_out("kustomized, in mode entrypoint", &before, &after, "bind", "divert");
}

/// What kustomize makes of a folder.
fn built(folder: &Path) -> String {
    let output = finish(kubectl().arg("kustomize").arg(folder));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
