//! The examples for Docker Compose, podman, ECS and Nomad, each read by what reads it there; and what all of them have to say twice.
use crate::support::made::{made, run};
use crate::support::{python, trial::trial};
use crate::tools::{DEPLOY, said, tool};
use libtest_mimic::Trial;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const READERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/readers");
const BOTOCORE: &str = "botocore==1.43.11";
/// Podman's generator of units: Debian 12 has podman 4.3, without it.
const QUADLET: &str = "github.com/containers/podman/v5/cmd/quadlet";

/// An example, how its stop time is written, and one word of it with a mistake in that.
const EXAMPLES: [(&str, &str, (&str, &str)); 5] = [
    ("compose.yaml", "stop_grace_period: ", ("stop_grace_period", "stop_grace_periode")),
    ("web.nomad.hcl", "kill_timeout = ", ("kill_timeout", "kill_time")),
    ("ecs-task-definition.json", "\"stopTimeout\": ", ("stopTimeout", "stopTimeOut")),
    ("web.container", "StopTimeout=", ("StopTimeout", "StopTimeOut")),
    ("web.service", "TimeoutStopSec=", ("Type=notify", "Type=notfy")),
];

pub fn trials() -> Vec<Trial> {
    let go = tool("GO", "go").map(drop);
    let mut trials =
        vec![trial("each_example_says_its_stop_time_twice_and_leaves_enough", &Ok(()), stop_times)];
    for (name, needs, reader) in [
        ("docker_compose_reads_its_example", &go, compose as Reader),
        ("nomads_job_has_what_its_api_knows", &go, nomad),
        ("ecs_task_definition_is_taken_by_aws_own_library", &Ok(()), ecs),
        ("podmans_generator_makes_a_unit_of_the_quadlet", &go, quadlet),
    ] {
        trials.push(trial(name, needs, move || is_read(reader)));
    }
    trials
}

/// Its example, and what reads a file: it says what is wrong.
type Reader = fn() -> (usize, Reads);
type Reads = Box<dyn Fn(&Path) -> Result<String, String>>;

/// The example is read, and one with a mistake in it is not.
fn is_read(reader: Reader) {
    let (example, read) = reader();
    let (name, _, (word, mistaken)) = EXAMPLES[example];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    let text = fs::read_to_string(format!("{DEPLOY}/examples/{name}")).expect("the example");
    fs::write(&file, &text).expect("the example");
    read(&file).unwrap_or_else(|stderr| panic!("{name}: {stderr}"));
    fs::write(&file, text.replace(word, mistaken)).expect("the example");
    let stderr = read(&file).expect_err("a mistake is seen");
    assert!(stderr.contains(mistaken), "{stderr}");
}

/// A program of `readers`.
fn reader(name: &str) -> PathBuf {
    let sources = ["go.mod", "go.sum", "compose/main.go", "nomad/main.go", "podman/go.mod", "podman/go.sum"];
    let sources = sources.map(|file| format!("{READERS}/{file}"));
    let make = |home: &Path| {
        for (folder, programs) in [("", &["./compose", "./nomad"][..]), ("podman", &[QUADLET])] {
            let mut go = Command::new("go");
            go.args(["build", "-o"]).arg(home).args(programs).current_dir(Path::new(READERS).join(folder));
            go.envs([("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=readonly")]);
            run(&mut go, "the libraries of Docker Compose, Nomad and podman come from Go's module proxy");
        }
    };
    let works = |home: &Path| ["compose", "nomad", "quadlet"].iter().all(|name| home.join(name).is_file());
    made("readers", &sources.each_ref().map(String::as_str), works, make).join(name)
}

fn compose() -> (usize, Reads) {
    let program = reader("compose");
    (0, Box::new(move |file| said(Command::new(&program).arg(file))))
}

fn nomad() -> (usize, Reads) {
    let program = reader("nomad");
    (1, Box::new(move |file| said(Command::new(&program).arg(file))))
}

fn ecs() -> (usize, Reads) {
    let python = python::program("python");
    let make = |home: &Path| {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"])
            .arg(home.join(BOTOCORE))
            .arg(BOTOCORE);
        run(&mut pip, "AWS' library comes from a package index, or PIP_FIND_LINKS with its wheel");
    };
    let library = made("botocore", &[], |home| home.join(BOTOCORE).is_dir(), make).join(BOTOCORE);
    let python = python.clone();
    let read = move |file: &Path| {
        said(Command::new(&python).arg(format!("{READERS}/ecs.py")).arg(file).env("PYTHONPATH", &library))
    };
    (2, Box::new(read))
}

fn quadlet() -> (usize, Reads) {
    let generator = reader("quadlet");
    let read = move |file: &Path| {
        let mut command = Command::new(&generator);
        said(command.arg("-dryrun").env("QUADLET_UNIT_DIRS", file.parent().expect("its folder")))
    };
    (3, Box::new(read))
}

/// lameduck is told when it will be killed, and has its 25 s and the server's 5 s until then.
fn stop_times() {
    for (name, key, _) in EXAMPLES {
        let text = fs::read_to_string(format!("{DEPLOY}/examples/{name}")).expect("the example");
        let number = |key: &str| -> Option<u32> {
            let (_, rest) = text.split_once(key)?;
            let digits = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
        };
        let (stop, told) = (number(key), number("LAMEDUCK_DEADLINE"));
        assert!(
            stop.is_some() && stop == told && stop >= Some(30),
            "{name}: {stop:?}, and lameduck is told {told:?}"
        );
    }
}
