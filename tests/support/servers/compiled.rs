//! The servers of `tests/servers/` that are compiled, each once under `target/`.
use super::super::made::{made, run};
use std::ffi::OsString;
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
const AXUM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/axum");
const AXUM_SOURCES: [&str; 3] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/axum/Cargo.toml"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/axum/Cargo.lock"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/axum/src/main.rs"),
];
const JAVA_MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/java/TestServer.java");
const POM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/java/pom.xml");
/// Those that need the libraries of the POM.
const JAVA_SOURCES: [&str; 4] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/java/Work.java"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/java/JettyServer.java"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/java/TomcatServer.java"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/java/NettyServer.java"),
];

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

/// The class path with Jetty's, Tomcat's and Netty's servers and their libraries, which Maven fetches.
pub fn java_servers() -> OsString {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    let make = |home: &Path| {
        let (libraries, classes) = (home.join("libraries"), home.join("classes"));
        let into = format!("-DoutputDirectory={}", libraries.display());
        let mut maven = Command::new("mvn");
        maven.args(["--quiet", "--batch-mode", "--file", POM, "dependency:copy-dependencies", &into]);
        run(&mut maven, "it needs Maven and its repository");
        let mut javac = Command::new("javac");
        javac.arg("-cp").arg(libraries.join("*")).arg("-d").arg(classes).args(JAVA_SOURCES);
        run(&mut javac, "it needs a JDK 17 or later");
    };
    let works = |home: &Path| home.join("classes/NettyServer.class").is_file();
    let home = HOME.get_or_init(|| made("java-servers", &[&[POM][..], &JAVA_SOURCES].concat(), works, make));
    std::env::join_paths([home.join("classes"), home.join("libraries/*")]).expect("no colon in our own path")
}

/// The directory with `axum-server`, a package of its own.
pub fn axum_server() -> PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    let make = |home: &Path| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--locked", "--target-dir"]).arg(home).current_dir(AXUM);
        run(&mut cargo, "it needs cargo and a registry with axum");
    };
    let works = |home: &Path| home.join("debug/axum-server").is_file();
    HOME.get_or_init(|| made("axum", &AXUM_SOURCES, works, make)).join("debug")
}
