//! The servers of `tests/servers/` that are compiled, each once under `target/`.
use super::super::made::{made, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const GO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/go");
const GO_MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/go/main.go");
const JAVA_MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/TestServer.java");

/// The program made of `go/main.go`, which needs no library.
pub fn go_server() -> PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    let make = |home: &Path| {
        // It has no dependencies: nothing is to be fetched, no other toolchain either.
        let nothing_fetched = [("GOFLAGS", "-mod=mod"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")];
        // Static, as Go's images from scratch have it.
        let mut go = Command::new("go");
        go.args(["build", "-o"])
            .arg(home.join("go-server"))
            .arg(".")
            .current_dir(GO)
            .envs(nothing_fetched)
            .env("CGO_ENABLED", "0");
        run(&mut go, "it needs Go 1.22 or later");
    };
    let works = |home: &Path| home.join("go-server").is_file();
    HOME.get_or_init(|| made("go-static", &[GO_MAIN], works, make)).join("go-server")
}

/// The class path with `TestServer`.
pub fn java_classes() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    let make = |home: &Path| {
        run(Command::new("javac").arg("-d").arg(home).arg(JAVA_MAIN), "it needs a JDK 17 or later");
    };
    let works = |home: &Path| home.join("TestServer.class").is_file();
    HOME.get_or_init(|| made("java", &[JAVA_MAIN], works, make))
}
