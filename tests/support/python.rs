//! A Python environment with the servers of `tests/servers/requirements.txt`, made once under `target/`.
use super::made::{made, run};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/requirements.txt");

/// The directory of `app.py`.
pub const SERVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers");

/// The environment's directory. Made when first asked for, and again when the requirements change; several
/// test programs may ask at once.
///
/// # Panics
/// When it cannot be made: with what is missing.
pub fn python_env() -> &'static Path {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(prepare)
}

/// An environment of its own for these requirements, made once under `target/` by this name.
///
/// # Panics
/// As [`python_env`].
pub fn environment(name: &str, requirements: &'static str) -> PathBuf {
    let works = |home: &Path| {
        let python = home.join("env/bin/python");
        Command::new(&python).arg("-c").arg("").status().is_ok_and(|status| status.success())
    };
    made(name, &[requirements], works, |home| install(home, requirements)).join("env")
}

/// A program of the environment, such as `gunicorn`.
pub fn program(name: &str) -> PathBuf {
    python_env().join("bin").join(name)
}

/// Whether any user may run the environment's programs and read the application.
///
/// # Errors
/// With the directory that only its owner may enter.
pub fn usable_by_others() -> Result<(), String> {
    let python = program("python").canonicalize().map_err(|error| error.to_string())?;
    [python.as_path(), python_env(), Path::new(SERVERS), Path::new(env!("CARGO_BIN_EXE_lameduck"))]
        .into_iter()
        .try_for_each(open_to_others)
}

fn prepare() -> PathBuf {
    let works = |home: &Path| {
        let python = home.join("env/bin/python");
        let runs = Command::new(&python).arg("-c").arg("").status().is_ok_and(|status| status.success());
        runs && names_its_own_interpreter(&home.join("env/bin/gunicorn"), &python)
    };
    made("python", &[REQUIREMENTS], works, |home| install(home, REQUIREMENTS)).join("env")
}

fn install(home: &Path, requirements: &str) {
    let environment = home.join("env");
    run(
        Command::new(interpreter()).args(["-m", "venv", "--clear"]).arg(&environment),
        "install Python's venv module (Debian: python3-venv)",
    );
    let pip = ["-m", "pip", "install", "--quiet", "-r", requirements];
    run(
        Command::new(environment.join("bin/python")).args(pip),
        "these tests need a package index, or PIP_FIND_LINKS with the wheels",
    );
}

/// Whether a script begins with this interpreter. In a copy of a checkout it names that of the first one, which may be
/// gone or be another.
fn names_its_own_interpreter(script: &Path, python: &Path) -> bool {
    let Ok(script) = fs::read(script) else { return false };
    let first = script.split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.strip_prefix(b"#!") == Some(python.as_os_str().as_encoded_bytes())
}

/// A python3 that other users can run too, if there is one: servers are also tried without privileges.
fn interpreter() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found: Vec<PathBuf> = std::env::split_paths(&path)
        .map(|dir| dir.join("python3"))
        .filter(|python| python.is_file())
        .collect();
    let open =
        found.iter().find(|python| python.canonicalize().is_ok_and(|real| open_to_others(&real).is_ok()));
    open.or(found.first()).expect("python3 is not on PATH: install it to test with real servers").clone()
}

/// Whether each directory down to `path` may be entered, and `path` itself used, by anybody.
fn open_to_others(path: &Path) -> Result<(), String> {
    let closed =
        path.ancestors().find(|part| part.metadata().is_ok_and(|metadata| metadata.mode() & 0o001 == 0));
    closed.map_or(Ok(()), |part| Err(format!("{} is closed to other users", part.display())))
}
