//! What the archive has.
use crate::support::finish;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};
use tempfile::TempDir;

/// The variable that names the archive.
pub const ARCHIVE: &str = "LAMEDUCK_TEST_ARCHIVE";

/// What the archive has, each blob unpacked beside its manifest (https://github.com/moby/docker-image-spec, version 1.2).
pub struct Image {
    folder: TempDir,
    pub config: Value,
    pub layers: Vec<PathBuf>,
}

impl Image {
    /// That of the archive.
    pub fn unpacked() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        said(
            Command::new("tar")
                .arg("--directory")
                .arg(folder.path())
                .arg("--extract")
                .arg("--file")
                .arg(env::var_os(ARCHIVE).unwrap()),
        );
        let json = |name: &str| -> Value {
            let text = fs::read(folder.path().join(name)).expect("a blob");
            serde_json::from_slice(&text).expect("JSON")
        };
        let manifest = json("manifest.json");
        let text = |value: &Value| value.as_str().expect("a name").to_owned();
        let config = json(&text(&manifest[0]["Config"]));
        let layers = manifest[0]["Layers"]
            .as_array()
            .expect("layers")
            .iter()
            .map(|name| folder.path().join(text(name)))
            .collect();
        Self { folder, config, layers }
    }

    /// The root of its file system.
    pub fn root(&self) -> PathBuf {
        let root = self.folder.path().join("root");
        fs::create_dir(&root).expect("a folder");
        for layer in &self.layers {
            said(Command::new("tar").arg("--directory").arg(&root).arg("--extract").arg("--file").arg(layer));
        }
        root
    }
}

/// What a command says, which has to succeed.
pub fn said(command: &mut Command) -> String {
    let output = finish(command);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
