//! `lameduck trial --matrix` with the built-in server as its rows: what is tried, what is missing, what it ends with.
use super::{LAMEDUCK, count, trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A matrix in a file of its own.
struct Matrix {
    home: TempDir,
}

impl Matrix {
    /// Of servers by name and command; what follows a command is more of its TOML.
    fn of(servers: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let row = |(name, rest): &(&str, &str)| format!("[[server]]\nname = '{name}'\ncommand = {rest}\n");
        fs::write(home.path().join("servers.toml"), servers.iter().map(row).collect::<String>()).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Its trial: half a second of load, and no other program on PATH.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = trial(&["--before=500ms", "--rate=200/s", "--json", "--matrix"]);
        command.arg(self.path("servers.toml")).args(args).env("PATH", self.home.path());
        command
    }

    /// Its exit status and its JSON.
    fn result(&self, args: &[&str]) -> (Option<i32>, Value) {
        read(&self.command(args).output().unwrap())
    }
}

fn read(Output { status, stdout, stderr }: &Output) -> (Option<i32>, Value) {
    let report = serde_json::from_slice(stdout);
    (status.code(), report.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(stderr))))
}

fn built_in() -> String {
    format!("'{LAMEDUCK} trial-server --bind 127.0.0.1:{{port}}'")
}

#[test]
fn given_two_servers_then_each_is_run_in_each_way_as_often_as_asked() {
    let second = format!("{}\nclients = 'new'\nversion = '{LAMEDUCK} --version'", built_in());
    let matrix = Matrix::of(&[("one", &built_in()), ("two", &second)]);
    let (status, report) = matrix.result(&["--column=lameduck", "--column=plain", "--runs=2"]);
    assert_eq!((status, &report["lost_under_lameduck"]), (Some(0), &0.into()), "{report:#}");
    assert_eq!(report["ways"], serde_json::json!(["plain", "lameduck"]));
    for (row, kept_alive) in [(0, true), (1, false)] {
        let row = &report["rows"][row];
        let runs = |cell: usize| row["cells"][cell]["runs"].as_array().unwrap();
        assert_eq!((runs(0).len(), runs(1).len()), (1, 2), "{row:#}");
        assert!(count(&runs(0)[0], "lost") > 0, "a plain stop cost nothing: {row:#}");
        assert!(runs(1).iter().all(|run| count(run, "answered_late") > 0), "{row:#}");
        assert_eq!(runs(1)[0]["kept_alive"].is_object(), kept_alive);
    }
    assert_eq!(report["rows"][1]["version"], concat!("lameduck ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn given_an_init_or_a_server_that_is_not_installed_then_it_is_missing_and_not_zero() {
    let matrix = Matrix::of(&[("here", &built_in()), ("gone", "'no-such-server {port}'")]);
    let (status, report) = matrix.result(&["--column=tini", "--column=lameduck", "--row=here"]);
    let cell = &report["rows"][0]["cells"][0];
    assert_eq!((status, &report["inits"]["tini"]), (Some(0), &Value::Null));
    assert_eq!((&cell["missing"], &cell["runs"]), (&"tini".into(), &Value::Array(Vec::new())));

    // What was to be tried and was not is no success.
    let (status, report) = matrix.result(&["--column=lameduck", "--row=gone"]);
    assert_eq!((status, &report["lost_under_lameduck"]), (Some(125), &Value::Null));
    assert_eq!(report["rows"][0]["missing"], "no-such-server");
    let helper = format!("{}\nneeds = ['no-such-helper']", built_in());
    let (status, report) = Matrix::of(&[("helped", &helper)]).result(&["--column=lameduck"]);
    assert_eq!((status, &report["rows"][0]["missing"]), (Some(125), &"no-such-helper".into()));
}

#[test]
fn given_a_server_that_fails_then_the_others_are_tried_and_the_exit_status_says_so() {
    let matrix = Matrix::of(&[("fails", &format!("'{LAMEDUCK} --version'")), ("serves", &built_in())]);
    let (status, report) = matrix.result(&["--column=lameduck"]);
    assert_eq!((status, &report["lost_under_lameduck"]), (Some(125), &0.into()));
    let failed = report["rows"][0]["cells"][0]["failed"].as_str().unwrap();
    assert!(failed.contains("ended by itself before it answered"), "{failed}");
    assert!(count(&report["rows"][1]["cells"][0]["runs"][0], "answered") > 0);
}

#[test]
fn given_a_loss_under_lameduck_then_the_exit_status_says_so_before_all_else() {
    let matrix = Matrix::of(&[("loses", &built_in()), ("gone", "'no-such-server'")]);
    let mut command = matrix.command(&["--column=lameduck"]);
    let output = command.env("LAMEDUCK_GATE", "none").env("LAMEDUCK_TIMEOUT", "300ms").output().unwrap();
    let (status, report) = read(&output);
    assert!(report["lost_under_lameduck"].as_u64() > Some(0), "{report:#}");
    assert_eq!(status, Some(1));
    assert!(
        report["made_by"]
            .as_str()
            .unwrap()
            .starts_with("LAMEDUCK_GATE=none LAMEDUCK_TIMEOUT=300ms lameduck trial ")
    );
}

#[test]
fn given_a_sleep_then_the_load_goes_on_and_the_stop_takes_as_much_longer() {
    let matrix = Matrix::of(&[("one", &built_in())]);
    let (_, report) = matrix.result(&["--column=sleep", "--sleep=1500ms"]);
    let run = &report["rows"][0]["cells"][0]["runs"][0];
    assert!(count(run, "stop_ms") >= 1500, "{run:#}");
    // Half a second before it and all through it, at 200 a second.
    assert!(count(run, "connections") >= 390, "{run:#}");
}

/// The built-in server, with a client program that is this shell script.
fn asked_by(script: &str) -> Matrix {
    let client = format!("client = ['/bin/sh', '-c', '{script}']");
    Matrix::of(&[("asked", &format!("{}\nrate = '10/s'\n{client}", built_in()))])
}

#[test]
fn given_a_client_program_then_its_lines_are_counted_as_our_own_clients_would_be() {
    // It ends when its stdin does.
    let lines = ["begin 0", "sent 0", "end 0 200", "begin 1", "end 1 503", "begin 2", "end 2 wait_closed"];
    let script = lines.map(|line| format!("echo {line}; ")).concat() + "read _";
    let (status, report) = asked_by(&script).result(&["--column=lameduck"]);
    let run = &report["rows"][0]["cells"][0]["runs"][0];
    let counted = ["connections", "answered", "answered_late", "lost"].map(|name| count(run, name));
    assert_eq!((status, counted), (Some(1), [3, 1, 1, 1]), "{report:#}");
    assert_eq!((&run["kept_alive"], &run["processes_left"]), (&Value::Null, &0.into()));
}

#[test]
fn given_a_client_program_that_does_not_do_its_work_then_the_run_has_failed_and_it_says_why() {
    let wrong = [
        ("echo begin 0; echo hello; read _", "said what is not understood: \"hello\""),
        ("echo begin 0; echo why >&2; exit 3", "ended by itself (exit status: 3)\n  | why"),
        ("exit 0", "ended by itself (exit status: 0)"),
    ];
    for (script, why) in wrong {
        let (status, report) = asked_by(script).result(&["--column=lameduck"]);
        let failed = report["rows"][0]["cells"][0]["failed"].as_str().unwrap();
        assert!(status == Some(125) && failed.contains(why), "{failed}");
    }
}

#[test]
fn given_an_interrupt_then_the_rows_that_are_done_are_printed_and_written() {
    let waits = "[\"/bin/sh\", \"-c\", \"echo > started; exec /bin/sleep 600\"]";
    let matrix = Matrix::of(&[("done", &built_in()), ("under way", waits), ("never", waits)]);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let json = matrix.path("out.json");
        let mut command = matrix.command(&["--column=lameduck", "--json-file"]);
        let trial = command.arg(&json).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let end = Instant::now() + Duration::from_mins(1);
        while !matrix.path("started").exists() {
            assert!(Instant::now() < end, "the second row's server was not started");
            sleep(Duration::from_millis(5));
        }
        kill(Pid::from_raw(trial.id().cast_signed()), signal).unwrap();

        let output = trial.wait_with_output().unwrap();
        let (status, report) = read(&output);
        assert_eq!((status, report["rows"].as_array().unwrap().len()), (Some(125), 1), "{report:#}");
        assert_eq!(report["incomplete"]["without"], serde_json::json!(["under way", "never"]));
        assert!(count(&report["rows"][0]["cells"][0]["runs"][0], "answered") > 0);
        assert_eq!(fs::read(&json).unwrap(), output.stdout);
        assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
        fs::remove_file(matrix.path("started")).unwrap();
    }
}

#[test]
fn given_files_to_write_then_they_have_the_tables_and_the_same_json() {
    let matrix = Matrix::of(&[("one", &built_in())]);
    let (markdown, json) = (matrix.path("out.md"), matrix.path("out.json"));
    let mut command = matrix.command(&["--column=lameduck"]);
    let output = command.arg("--markdown").arg(&markdown).arg("--json-file").arg(&json).output().unwrap();
    assert_eq!(fs::read(json).unwrap(), output.stdout);
    let text = fs::read_to_string(markdown).unwrap();
    assert!(
        text.contains("## LOST: new connections\n\n| server | lameduck |\n|---|--:|\n| one | 0 |"),
        "{text}"
    );
}

#[test]
fn given_a_matrix_that_is_none_then_it_says_where_and_nothing_is_started() {
    let complaint = |matrix: &Matrix, args: &[&str]| {
        let Output { status, stdout, stderr } = matrix.command(args).output().unwrap();
        assert_eq!((status.code(), stdout.len()), (Some(125), 0));
        String::from_utf8(stderr).unwrap()
    };
    let said = complaint(&Matrix::of(&[("one", "3")]), &[]);
    assert!(said.contains("servers.toml") && said.contains("line 3, column 11"), "{said}");
    let said = complaint(&Matrix::of(&[("one", "'true'"), ("two", "'true'")]), &["--row=three"]);
    assert_eq!(said, "lameduck: no server of the matrix is called three: its servers are one, two\n");
    let nowhere = Matrix::of(&[]);
    fs::remove_file(nowhere.path("servers.toml")).unwrap();
    assert!(complaint(&nowhere, &[]).contains("cannot read"), "{said}");
}
