//! Root file systems from scratch, made once under `target/`: nothing but what a program needs.
use super::super::made::made;
use super::super::python;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the servers' packages and the application are, inside: Python's `PYTHONPATH`.
pub const APPLICATION: &str = "/srv/application";

/// What makes it: when one of these changes, it is made again.
const SOURCES: [&str; 4] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/container/root.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/requirements.txt"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/app.py"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/pattern.py"),
];
/// gunicorn, what it needs, and waitress.
const PACKAGES: [&str; 3] = ["gunicorn", "packaging", "waitress"];
/// Of the standard library: what no server needs, and is large.
const LEFT_OUT: [&str; 7] =
    ["__pycache__", "test", "idlelib", "tkinter", "ensurepip", "site-packages", "dist-packages"];

/// The program's libraries, which has a server built in.
pub fn bare() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let make = |home: &Path| fill(&home.join("root"), &[]);
        made("container-bare", &SOURCES[..1], |home| is_filled(&home.join("root")), make).join("root")
    })
}

/// They, and Python with gunicorn, waitress and the application.
pub fn with_python() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let make = |home: &Path| {
            let root = home.join("root");
            let programs = python_into(&root);
            fill(&root, &programs);
        };
        made("container-python", &SOURCES, |home| is_filled(&home.join("root")), make).join("root")
    })
}

/// Python's program, as it is called inside.
///
/// # Panics
/// When it cannot be asked.
pub fn python_program() -> PathBuf {
    let [program, ..] = places();
    program
}

/// The interpreter, its standard library, and the packages of the tests' environment.
fn places() -> [PathBuf; 3] {
    const ASKED: &str = "import os, sys, sysconfig
for place in os.path.realpath(sys._base_executable), sysconfig.get_path('stdlib'), sysconfig.get_path('purelib'):
    print(place)";
    let output = Command::new(python::program("python")).args(["-c", ASKED]).output().expect("Python");
    let said = String::from_utf8(output.stdout).expect("paths in UTF-8");
    let places: Vec<PathBuf> = said.lines().map(PathBuf::from).collect();
    places.try_into().unwrap_or_else(|places| panic!("three places: {places:?}"))
}

/// Gives what has libraries of its own.
fn python_into(root: &Path) -> Vec<PathBuf> {
    let [program, library, packages] = places();
    copy(&program, &inside(root, &program));
    copy_all(&library, &inside(root, &library));
    let application = inside(root, Path::new(APPLICATION));
    for package in PACKAGES {
        copy_all(&packages.join(package), &application.join(package));
    }
    for file in ["app.py", "pattern.py"] {
        copy(&Path::new(python::SERVERS).join(file), &application.join(file));
    }
    let mut programs = vec![program];
    shared_objects(&library.join("lib-dynload"), &mut programs);
    programs
}

/// The places of mounts, the program's own libraries, and those of these.
fn fill(root: &Path, programs: &[PathBuf]) {
    for directory in ["proc", "dev", "tmp"] {
        fs::create_dir_all(root.join(directory)).expect("a directory under target/");
    }
    // With runc a tmpfs gets the mode of what it is mounted on.
    fs::set_permissions(root.join("tmp"), Permissions::from_mode(0o1777)).expect("our own directory");
    fs::write(inside(root, Path::new(super::LAMEDUCK)), "").expect("a place for the program under test");
    for library in libraries(programs) {
        copy(&library, &inside(root, &library));
    }
}

/// The program under test is another at each build.
fn is_filled(root: &Path) -> bool {
    root.join("tmp").is_dir() && libraries(&[]).iter().all(|library| inside(root, library).is_file())
}

/// All that the dynamic linker loads for the program under test and for these.
fn libraries(programs: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut ldd = Command::new("ldd");
    let output = ldd.arg(env!("CARGO_BIN_EXE_lameduck")).args(programs).output().expect("ldd (libc-bin)");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // `libc.so.6 => /lib/libc.so.6 (0x7f...)`, and `/lib64/ld-linux-x86-64.so.2 (0x7f...)`; a program's own line ends with a colon.
    let paths = said.split_whitespace().filter(|word| word.starts_with('/') && !word.ends_with(':'));
    paths.map(PathBuf::from).collect()
}

fn shared_objects(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    found.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "so")));
}

fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").expect("an absolute path"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a directory")).expect("a directory under target/");
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_left_out = LEFT_OUT.iter().any(|left_out| name == *left_out)
            || name.to_string_lossy().starts_with("config-");
        if path.is_dir() && !is_left_out {
            copy_all(&path, &to.join(name));
        } else if path.is_file() {
            copy(&path, &to.join(name));
        }
    }
}
