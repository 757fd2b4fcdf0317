//! docs/restricted.md: each cell by each runtime, what is taken there and what became of the clients.
use crate::cells::{self, Capture, Cell, Kind, Taken};
use crate::matrix::check;
use crate::scene;
use crate::support::container::confinement::{Confinement, Privileges, Proc, Profile, User};
use crate::support::container::runtime::Runtime;
use crate::support::trial::trial;
use lameduck::load::Tally;
use libtest_mimic::Trial;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/restricted.md"));

pub fn trials() -> Vec<Trial> {
    vec![trial("the_page_has_every_container_and_what_is_taken_there", &Ok(()), is_whole)]
}

fn is_whole() {
    let cells = cells::all();
    for cell in &cells {
        let beginning = beginning(*cell);
        let rows = PAGE.lines().filter(|line| line.starts_with(&beginning)).count();
        assert_eq!(rows, 1, "make docs/restricted.md again: {beginning}");
    }
    // With the two lines of its head.
    assert_eq!(PAGE.lines().filter(|line| line.starts_with('|')).count(), cells.len() + 2);
}

/// Lives through all, and writes the table of them.
///
/// # Panics
/// When a cell is not as it has to be: no table is written then.
pub fn write(file: &Path) {
    let mut text = head();
    for cell in cells::all() {
        let (mut new, mut kept_alive) = (Tally::default(), Tally::default());
        for runtime in Runtime::ALL {
            if let Err(reason) = runtime.needs(cell.confinement) {
                println!("{} by {} is left out: {reason}", cell.name(), runtime.name());
                continue;
            }
            println!("{} by {}", cell.name(), runtime.name());
            let seen = scene::of(cell, runtime);
            check(cell, &seen);
            add(&mut new, &seen.new);
            add(&mut kept_alive, &seen.kept_alive);
        }
        row(&mut text, cell, &new, &kept_alive);
    }
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn add(all: &mut Tally, one: &Tally) {
    all.tried += one.tried;
    all.answered += one.answered;
    all.answered_late += one.answered_late;
    all.refused += one.refused;
    all.lost += one.lost;
}

fn row(text: &mut String, cell: Cell, new: &Tally, kept_alive: &Tally) {
    let lost = |tally: &Tally| if tally.lost == 0 { "0".to_owned() } else { format!("**{}**", tally.lost) };
    let kept_alive = if cell.keeps_alive() {
        format!("{} | {} | {}", kept_alive.answered, kept_alive.answered_late, lost(kept_alive))
    } else {
        "| |".to_owned()
    };
    let _ = writeln!(
        text,
        "{} {} | {} | {} | {} | {kept_alive} |",
        beginning(cell),
        new.answered,
        new.answered_late,
        new.refused,
        lost(new),
    );
}

/// Of its row: what is known before.
fn beginning(cell: Cell) -> String {
    let Taken { capture, gate, parks } = cell.taken();
    let parks = if parks { "yes" } else { "no" };
    let server = match cell.server {
        Kind::Sync => "gunicorn sync",
        Kind::Gthread => "gunicorn gthread",
        Kind::Waitress => "waitress",
        Kind::BuiltIn => "the trial's",
    };
    let (place, told) = (place(cell.confinement), told(cell.capture));
    format!("| {place} | {server} |{told} | {capture}, {gate} | {parks} |")
}

fn told(capture: Capture) -> &'static str {
    match capture {
        Capture::Auto => "",
        Capture::Listen => " `--listen`",
        Capture::Bind => " `--capture bind`",
        Capture::None => " `--capture none`",
    }
}

fn place(confinement: Confinement) -> String {
    let Confinement { user, profile, privileges, rootless, proc } = confinement;
    let user = match (user, rootless) {
        (User::Root, false) => "root",
        (User::Nobody, false) => "65534",
        (User::Root, true) => "rootless, root inside",
        (User::Nobody, true) => "rootless, 65534 inside",
    };
    let profile = match profile {
        Profile::RuntimeDefault => "RuntimeDefault",
        Profile::Lameduck => "deploy/seccomp",
        Profile::Unconfined => "Unconfined",
    };
    let privileges = match privileges {
        Privileges::Restricted => "none",
        Privileges::Default => "default",
        Privileges::NetAdmin => "NET_ADMIN",
    };
    let proc = match proc {
        Proc::Shown => "",
        Proc::HidePid => "; /proc with hidepid=2",
        Proc::NetMasked => "; /proc/net masked",
    };
    format!("{user}{proc} | {profile} | {privileges}")
}

fn head() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let system = rustix::system::uname();
    let version = |runtime: Runtime| {
        let said = Command::new(runtime.name()).arg("--version").output().expect("its version").stdout;
        String::from_utf8_lossy(&said).lines().next().unwrap_or_default().replace(" version", "")
    };
    format!(
        "# In restricted containers

What lameduck takes where little is permitted, and what becomes of the clients of a server that the container's runtime stops under a
load that never pauses. Made by `LAMEDUCK_RESTRICTED=docs/restricted.md cargo test --test restricted` on {date}: Linux {release}, {runc}
and {crun}; `cargo test --test restricted` lives through the same, and fails where a gate that is possible is not taken, where somebody
is lost behind it, or where `lameduck doctor` in the same container has promised something else.

lameduck is process 1; the root file system has a server, its libraries and nothing else, and is read-only; there is no /sys, no
terminal, and nothing to write to but /tmp and /dev/termination-log; the paths that containerd masks are masked. *Privileges* are `none` as Pod
Security `restricted` has it (no capability, no_new_privs), or containerd's own 14 capabilities and no no_new_privs. *RuntimeDefault*
is containerd's own profile. *Rootless*: a plain user has made it, in a user namespace with that one user. The server gets 150 new
connections a second, more than it can answer, and where it keeps connections ten clients that ask again a millisecond after each answer;
it is stopped by `runc kill NAME TERM`. Where clients never let the drain end, `--timeout` is 2 s (12 s for waitress). Each line is a stop by either runtime
(by crun alone where another user than root is inside a rootless one: runc has none).

- **New connections**: none is lost wherever a gate is had, which is everywhere but where pidfd_getfd is refused and no_new_privs is not
  set. There `--capture bind` or `--listen` has it; the log says so before the server starts. Without a gate kept-alive clients that connect
  anew are lost as others are.
- **Open connections** can be parked where pidfd_getfd is permitted. Elsewhere they are left to the server's own stop: the log says so before
  the server starts, and after the stop how many they were (`out_of_reach`, `cut` in [the report](report.md#park)). Busy clients then hold the drain
  up to `--timeout`, and what they lose is up to the server: gunicorn's gthread answers what comes on them for two seconds more;
  waitress does not. [deploy/seccomp](../deploy/seccomp/README.md) has a profile for nodes with which they can be parked.

| user | seccomp | privileges | server | option | capture, gate | parks | new: answered | 503 | refused | **lost** | open: answered | 503 | **lost** |
|---|---|---|---|---|---|---|--:|--:|--:|--:|--:|--:|--:|
",
        date = &now[..10],
        release = system.release().to_string_lossy(),
        runc = version(Runtime::Runc),
        crun = version(Runtime::Crun),
    )
}
