//! The example's unit, read and run by a systemd: gunicorn tells it through lameduck when it is ready, and is drained at the stop.
use crate::support::{namespaces, python, trial::trial};
use crate::tools::{DEPLOY, said, tool};
use libtest_mimic::Trial;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const BESIDE_SYSTEMD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/beside-systemd");
/// The targets that a unit is ordered by; a real machine's have much more in them.
const TARGETS: [&str; 5] = ["sysinit", "basic", "shutdown", "multi-user", "network-online"];

pub fn trials() -> Vec<Trial> {
    let verify =
        tool("SYSTEMD_ANALYZE", "systemd-analyze").map(drop).and_then(|()| python::usable_by_others());
    let run = verify.clone().and_then(|()| permitted());
    vec![
        trial("the_unit_is_as_systemd_reads_it", &verify, verified),
        trial("gunicorn_tells_systemd_through_lameduck_and_is_drained_at_the_stop", &run, run_by_systemd),
    ]
}

/// Whether a systemd can be had, apart from the machine's.
fn permitted() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("a systemd of one's own needs root".to_owned());
    }
    for program in ["findmnt", "nsenter", "pgrep"] {
        tool("", program)?;
    }
    let hierarchy =
        Command::new("findmnt").args(["--noheadings", "--first-only", "--types", "cgroup2"]).output();
    if !hierarchy.is_ok_and(|output| output.status.success()) || !Path::new("/lib/systemd/systemd").exists() {
        return Err("no systemd is installed, or no cgroup2 mounted".to_owned());
    }
    let options = ["--mount", "--pid", "--fork", "--mount-proc", "--uts", "--ipc", "--net", "--cgroup"];
    namespaces::permitted(namespaces::unshare(&options).args([
        "mount",
        "-t",
        "cgroup2",
        "cgroup2",
        "/sys/fs/cgroup",
    ]))
}

/// A folder of units: the example of this user with this machine's paths, and what it is ordered by.
fn units(user: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut unit = fs::read_to_string(format!("{DEPLOY}/examples/web.service")).expect("the example");
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    let gunicorn = python::program("gunicorn").display().to_string();
    for (theirs, ours) in [
        ("ExecStart=/usr/local/bin/lameduck ", format!("ExecStart={lameduck} ")),
        ("/srv/web/env/bin/gunicorn", gunicorn),
        ("WorkingDirectory=/srv/web", format!("WorkingDirectory={}", python::SERVERS)),
        ("User=web", format!("User={user}")),
    ] {
        assert!(unit.contains(theirs), "{theirs}");
        unit = unit.replace(theirs, &ours);
    }
    fs::write(folder.path().join("web.service"), unit).expect("a unit");
    for target in TARGETS {
        fs::write(folder.path().join(format!("{target}.target")), "[Unit]\nDefaultDependencies=no\n")
            .expect("a target");
    }
    folder
}

/// A checkout in /tmp is to be seen in spite of PrivateTmp; report and log are wanted.
fn with_what_the_test_needs(units: &TempDir) {
    let seen = [
        Path::new(env!("CARGO_MANIFEST_DIR")),
        Path::new(env!("CARGO_BIN_EXE_lameduck")),
        python::python_env(),
    ];
    let seen = seen.map(|path| path.display().to_string()).join(" ");
    let folder = units.path().join("web.service.d");
    fs::create_dir(&folder).expect("a folder");
    let more = "TimeoutStartSec=30\nRuntimeDirectory=web\nRuntimeDirectoryPreserve=yes\nEnvironment=LAMEDUCK_REPORT=/run/web/report\n\
        Environment='GUNICORN_CMD_ARGS=--access-logfile=/run/web/log --error-logfile=/run/web/log'\n";
    fs::write(folder.join("test.conf"), format!("[Service]\n{more}BindReadOnlyPaths={seen}\n"))
        .expect("a part of a unit");
}

fn verified() {
    let units = units("web");
    let mut command = Command::new("systemd-analyze");
    command
        .args(["verify", "--man=no"])
        .arg(units.path().join("web.service"))
        .env("SYSTEMD_UNIT_PATH", units.path());
    let output = crate::support::finish(&mut command);
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

fn run_by_systemd() {
    let units = units("nobody");
    with_what_the_test_needs(&units);
    let story = r#"
        systemctl start web
        systemctl show web --property=StatusText,ActiveState
        echo "Main=$(cat /proc/"$(systemctl show web --property=MainPID --value)"/comm)"
        "$0" -c 'import urllib.request as r; print("Answer=" + r.urlopen("http://127.0.0.1:8000/?ms=1500").read().decode())' &
        until ss --no-header --tcp state established '( dport = :8000 )' | grep -q .; do sleep 0.05; done
        systemctl stop web
        wait
        systemctl show web --property=ActiveState,Result,ExecMainStatus
        grep --only-matching --extended-regexp 'GET /.ms=1500|Handling signal: term' /run/web/log
        cat /run/web/report
    "#;
    let mut command = Command::new(BESIDE_SYSTEMD);
    command.arg(units.path()).args(["bash", "-euc", story]).arg(python::program("python"));
    let told = said(&mut command).unwrap_or_else(|stderr| panic!("{stderr}"));
    let (told, report) = told.split_once('{').unwrap_or_else(|| panic!("no report: {told}"));
    let lines: Vec<&str> = told.lines().collect();
    // The answer comes while systemd waits for the stop.
    assert_eq!(
        lines,
        [
            "StatusText=Gunicorn arbiter booted",
            "ActiveState=active",
            "Main=lameduck",
            "Answer=ok",
            "Result=success",
            "ExecMainStatus=0",
            "ActiveState=inactive",
            // gunicorn is told when it has answered: systemd's TERM was for lameduck alone.
            "GET /?ms=1500",
            "Handling signal: term",
        ]
    );
    let report: serde_json::Value = serde_json::from_str(&format!("{{{report}")).expect("the report");
    assert_eq!((&report["outcome"], &report["exit_status"]), (&"drained".into(), &0.into()), "{report}");
}
