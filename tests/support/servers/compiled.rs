//! The servers of `tests/servers/` that are compiled, each once under `target/`.
use super::super::made::{made, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const GO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/go");
const GO_MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/go/main.go");
const H2_CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/h2_client");
const H2_CLIENT_MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/h2_client/main.go");
const GRPC_GO_CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/grpc_go_client");
const GRPC_GO_CLIENT_MAIN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/grpc_go_client/main.go");
const GRPC_GO_CLIENT_SUM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/grpc_go_client/go.sum");
const JAVA_MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/TestServer.java");

/// The program made of `go/main.go`, which needs no library.
pub fn go_server() -> PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| go_program("go-server", GO, GO_MAIN, "it needs Go 1.22 or later")).clone()
}

/// The program made of `h2_client/main.go`.
pub fn h2_client() -> PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| go_program("h2_client", H2_CLIENT, H2_CLIENT_MAIN, "it needs Go 1.24 or later"))
        .clone()
}

/// The program made of `grpc_go_client/main.go`, which needs grpc-go.
pub fn grpc_go_client() -> PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    let remedy = "it needs Go 1.25 or later, and a module proxy or grpc-go in Go's module cache";
    HOME.get_or_init(|| {
        let made_of = [GRPC_GO_CLIENT_MAIN, GRPC_GO_CLIENT_SUM];
        go_program_of(&[("GOTOOLCHAIN", "local")], "grpc_go_client", GRPC_GO_CLIENT, &made_of, remedy)
    })
    .clone()
}

/// In a directory of its own, both of this name.
fn go_program(name: &str, directory: &str, main: &str, remedy: &str) -> PathBuf {
    // It has no dependencies: nothing is to be fetched, no other toolchain either.
    let nothing_fetched = [("GOFLAGS", "-mod=mod"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")];
    go_program_of(&nothing_fetched, name, directory, &[main], remedy)
}

fn go_program_of(
    environment: &[(&str, &str)],
    name: &str,
    directory: &str,
    made_of: &[&str],
    remedy: &str,
) -> PathBuf {
    let make = |home: &Path| {
        // Static, as Go's images from scratch have it.
        let mut go = Command::new("go");
        go.args(["build", "-o"])
            .arg(home.join(name))
            .arg(".")
            .current_dir(directory)
            .envs(environment.iter().copied())
            .env("CGO_ENABLED", "0");
        run(&mut go, remedy);
    };
    let works = |home: &Path| home.join(name).is_file();
    made(name, made_of, works, make).join(name)
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
