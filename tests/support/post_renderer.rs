//! `lameduck inject` as the post-renderer of either Helm, as docs/post-renderer.md says.
use super::helm::Helm;
use std::path::Path;
use std::process::Command;

/// Has this call of Helm's go through it, with these options.
pub fn post_rendering(helm: &Helm, command: &mut Command, options: &[&str]) {
    let program = Path::new(env!("CARGO_BIN_EXE_lameduck"));
    let folder = program.parent().expect("its folder").display();
    let path = std::env::var("PATH").expect("PATH");
    command.env("PATH", format!("{folder}:{path}")).args(["--post-renderer", "lameduck"]);
    let verb: &[&str] = if helm.major == 3 { &["inject"] } else { &[] };
    if helm.major > 3 {
        command.env("HELM_PLUGINS", concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/helm"));
    }
    for word in verb.iter().chain(options) {
        command.args(["--post-renderer-args", word]);
    }
}
