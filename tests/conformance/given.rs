//! What the child is given: what the init was given, and no more. And what becomes of a command that cannot run.
use super::programs::{DESCRIPTORS, FIRST_THREE, HOSTILE, SURROUNDINGS};
use super::scene::Scene;
use super::support::finish;
use super::{Verdict, same};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

/// Sets unusual things, and becomes what follows.
const UNUSUAL: [&str; 4] =
    ["sh", "-c", "umask 027; ulimit -S -n 77; ulimit -c 0; cd /proc; exec \"$@\"", "sh"];
/// Has descriptors of its own, and becomes what follows. Standard output is a new file each time.
const OPENED: [&str; 4] =
    ["sh", "-c", "exec 7</dev/zero 9>/dev/null </dev/null 2>/dev/full; exec \"$@\"", "sh"];
/// Has none of the first three, and becomes what follows.
const CLOSED: [&str; 4] = ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"];

/// Environment, directory, umask, limits, niceness and groups.
pub fn surroundings(scene: &Scene) -> Verdict {
    let said = |init: &[&str]| {
        let mut command = around(&UNUSUAL, init, &["python3", "-c", SURROUNDINGS]);
        command.env("ODD", OsStr::from_bytes(b"two\nlines \xff")).env("EMPTY", "").env("LISTEN_PID", "1");
        text(&finish(&mut command).stdout)
    };
    let plainly = said(&[]);
    assert!(plainly.contains(r"b'two\nlines \xff'") && plainly.contains("/proc 0o27 "), "{plainly}");
    let seen = said(&scene.words());
    if seen == plainly { Ok(()) } else { Err(difference(&plainly, &seen)) }
}

/// What is ignored, blocked and caught, of ordinary parents and of one that ignores and blocks some.
pub fn signals(scene: &Scene) -> Verdict {
    for parent in [vec![], vec!["python3", "-c", HOSTILE]] {
        let said = |init: &[&str]| {
            let status = text(&finish(&mut around(&parent, init, &["cat", "/proc/self/status"])).stdout);
            let masks = ["SigBlk", "SigIgn", "SigCgt"];
            let fields = status.lines().filter(|line| masks.iter().any(|mask| line.starts_with(mask)));
            fields.map(|line| line.replace(":\t", " ")).collect::<Vec<_>>()
        };
        let plainly = said(&[]);
        assert_eq!(plainly.len(), 3, "{plainly:?}");
        for (seen, given) in said(&scene.words()).iter().zip(&plainly) {
            same(seen, given)?;
        }
    }
    Ok(())
}

/// Those that the init was given, and none of its own.
pub fn descriptors(scene: &Scene) -> Verdict {
    let said = |init: &[&str]| {
        let said = text(&finish(&mut around(&OPENED, init, &["python3", "-c", DESCRIPTORS])).stdout);
        said.lines().filter(|line| !line.starts_with("1 ")).collect::<Vec<_>>().join(", ")
    };
    let plainly = said(&[]);
    assert!(plainly.contains("7 /dev/zero") && plainly.contains("2 /dev/full"), "{plainly}");
    same(&said(&scene.words()), &plainly)
}

/// Closed, or /dev/null, which is safer: nothing of the init's own has come into their place.
pub fn closed_standard_streams(scene: &Scene) -> Verdict {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let path = file.path().to_str().expect("a path of text");
    let output = finish(&mut around(&CLOSED, &scene.words(), &["python3", "-c", FIRST_THREE, path]));
    same(&output.status.code(), &Some(7))?;
    let seen = fs::read_to_string(path).expect("what the child has written");
    let strange = seen.lines().find(|what| !["closed", "/dev/null"].contains(what));
    strange.map_or(Ok(()), |what| Err(format!("the child has {what}")))
}

/// Its text for a script that says its arguments.
const SCRIPT: &str = "echo \"heard $*\"\nexit 7\n";

pub fn script(scene: &Scene) -> Verdict {
    script_runs(scene, &format!("#!/bin/sh\n{SCRIPT}"))
}

/// As by execvp(3), and so by shells, env(1) and most who start programs.
pub fn script_without_shebang(scene: &Scene) -> Verdict {
    script_runs(scene, SCRIPT)
}

fn script_runs(scene: &Scene, script: &str) -> Verdict {
    let output = started_from_file(scene, script.as_bytes(), 0o755);
    let said = text(&output.stdout).trim_end().to_owned();
    same(&(output.status.code(), said), &(Some(7), "heard two words".to_owned()))
}

/// It is the interpreter that is missing, and not the script that is there for all to see.
pub fn missing_interpreter(scene: &Scene) -> Verdict {
    let output = started_from_file(scene, b"#!/no/such/python -u\n", 0o755);
    if !matches!(output.status.code(), Some(126 | 127)) {
        return Err(format!("{}", output.status));
    }
    let said = text(&output.stderr);
    said.contains("/no/such/python").then_some(()).ok_or_else(|| "it does not say which".to_owned())
}

/// 127 for what is not there, 126 for what is and cannot be executed, as of shells and env(1).
pub fn no_program(scene: &Scene) -> Verdict {
    let outputs = [
        ("missing", scene.output(&["/no/such/program"])),
        ("not on PATH", scene.output(&["no-such-program"])),
        ("not executable", started_from_file(scene, b"#!/bin/sh\n", 0o644)),
        ("binary of no kind", started_from_file(scene, &[0; 64], 0o755)),
    ];
    let seen = outputs.map(|(what, output)| {
        let silently = if output.stderr.is_empty() { " silently" } else { "" };
        format!("{what} {}{silently}", output.status.code().unwrap_or_default())
    });
    let seen = seen.join(", ");
    let expected = "missing 127, not on PATH 127, not executable 126, binary of no kind 126";
    if seen == expected { Ok(()) } else { Err(seen) }
}

fn started_from_file(scene: &Scene, content: &[u8], mode: u32) -> Output {
    let home = tempfile::tempdir().expect("a temporary directory");
    let path = home.path().join("file");
    fs::write(&path, content).expect("a file in it");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("its mode");
    scene.output(&[path.to_str().expect("a path of text"), "two", "words"])
}

/// `parent` becomes the init, which starts the command; or, without one, the command.
fn around(parent: &[&str], init: &[&str], command: &[&str]) -> Command {
    let words = [parent, init, command].concat();
    let mut command = super::support::without_settings(Command::new(words[0]));
    command.args(&words[1..]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where two texts part.
fn difference(given: &str, seen: &str) -> String {
    let at = given.bytes().zip(seen.bytes()).take_while(|(given, seen)| given == seen).count();
    let from = |text: &str| text.chars().skip(at.saturating_sub(30)).take(60).collect::<String>();
    format!("{:?}, not {:?}", from(seen), from(given))
}
