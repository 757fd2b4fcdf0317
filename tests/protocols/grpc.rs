//! gRPC: a call that came too late was not processed, and the client knows.
use crate::scene::{Stopping, read, report_file};
use crate::support::ports::free_port;
use crate::support::process::Mark;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::servers::compiled::grpc_go_client;
use crate::support::trial::trial;
use crate::support::{PATIENCE, python};
use libtest_mimic::Trial;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The first call takes so long: it is in flight at the stop.
const FIRST_MS: &str = "2000";
/// Much longer than a busy connection is kept (`relay/farewell.rs`).
const LONG_MS: &str = "6000";

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, client, needs) in
        [("grpcio", grpcio as Client, Ok(())), ("grpc_go", grpc_go as Client, Kind::Go.needs())]
    {
        let of = |what: &str| format!("{name}_{what}");
        trials.extend([
            trial(
                &of("with_retries_off_a_call_succeeds_or_is_unavailable_and_was_not_processed"),
                &needs,
                move || {
                    retries_off(client);
                },
            ),
            trial(&of("with_retries_on_and_a_fellow_every_call_succeeds"), &needs, move || {
                retries_on(client);
            }),
            trial(&of("relayed_to_a_fellow_every_call_succeeds_without_retries"), &needs, move || {
                relayed(client);
            }),
        ]);
    }
    trials.push(trial("relayed_on_one_channel_every_call_succeeds_and_the_channel_moves", &Ok(()), moves));
    trials
}

fn server() -> Builder {
    let port = free_port();
    let script = format!("{}/grpc_server.py", python::SERVERS);
    Builder::new(port, python::program("python"), [&script, &port.to_string()])
}

fn started(server: Builder) -> Server {
    server.start_when(|server| TcpStream::connect(server.address()).is_ok())
}

/// How many calls the server has handled, which says it at its end.
fn handled(server: &mut Server) -> u64 {
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let log = server.log();
    let handled = log.lines().find_map(|line| line.strip_prefix("handled "));
    handled.unwrap_or_else(|| panic!("{log}")).parse().unwrap()
}

/// A client's program, and how it uses channels.
type Client = fn() -> Command;

/// grpcio, on the C core, with a channel for each call.
fn grpcio() -> Command {
    python_with("each")
}

/// The same with one channel for all.
fn grpcio_on_one_channel() -> Command {
    python_with("kept")
}

fn python_with(channels: &str) -> Command {
    let mut command = Command::new(python::program("python"));
    command.args([&format!("{}/grpc_client.py", python::SERVERS), channels]);
    command
}

/// grpc-go, with a channel for each call.
fn grpc_go() -> Command {
    Command::new(grpc_go_client())
}

/// Clients that call until they are told to end.
struct Calls {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _mark: Mark,
}

impl Calls {
    /// Under way, the first one too.
    fn new(client: Client, retries: &str, first_ms: &str, ports: &[u16]) -> Self {
        let mark = Mark::new();
        let mut process = client()
            .args([retries, first_ms])
            .args(ports.iter().map(u16::to_string))
            .env(Mark::NAME, mark.value())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut stdout = BufReader::new(stdout);
        let mut begun = String::new();
        stdout.read_line(&mut begun).unwrap();
        assert_eq!(begun, "begun\n");
        Self { process, stdin, stdout, _mark: mark }
    }

    /// How many ended with which status.
    fn end(self) -> Value {
        let Self { mut process, stdin, mut stdout, _mark } = self;
        drop(stdin);
        let mut ended = String::new();
        stdout.read_line(&mut ended).unwrap();
        assert!(process.wait().unwrap().success());
        serde_json::from_str(&ended).unwrap()
    }
}

/// How many succeeded, where nothing else than `allowed` was seen.
fn succeeded(ended: &Value, allowed: &[&str]) -> u64 {
    let statuses = ended["statuses"].as_object().unwrap();
    assert!(statuses.keys().all(|status| allowed.contains(&status.as_str())), "{ended}");
    statuses["OK"].as_u64().unwrap()
}

fn retries_off(client: Client) {
    let report = report_file();
    let options = ["--gate", "divert", "--report", report.to_str().unwrap()];
    let mut server = started(server().under_lameduck(&options));
    let calls = Calls::new(client, "off", FIRST_MS, &[server.address().port()]);
    server.signal(libc::SIGTERM);
    let handled = handled(&mut server);
    // grpcio's C core shuts its listener down, which leaves the group early.
    assert!(!server.log().contains("without a plug"), "{}", server.log());
    let ended = calls.end();
    let succeeded = succeeded(&ended, &["OK", "UNAVAILABLE"]);
    assert_eq!(succeeded, handled, "what was unavailable was not processed: {ended}");
    let report = read(&report);
    assert!(report["late_arrivals"]["goaway"].as_u64() > Some(0), "{report}");
    assert_eq!(report["outcome"], "drained", "{report}");
}

fn retries_on(client: Client) {
    let report = report_file();
    let options = ["--gate", "divert", "--report", report.to_str().unwrap()];
    let (mut stopped, mut fellow) = (started(server().under_lameduck(&options)), started(server()));
    let calls = Calls::new(client, "on", FIRST_MS, &[stopped.address().port(), fellow.address().port()]);
    stopped.signal(libc::SIGTERM);
    let by_stopped = handled(&mut stopped);
    let succeeded = succeeded(&calls.end(), &["OK"]);
    fellow.signal(libc::SIGTERM);
    assert_eq!(succeeded, by_stopped + handled(&mut fellow), "each was processed once");
    assert!(read(&report)["late_arrivals"]["goaway"].as_u64() > Some(0));
}

fn relayed(client: Client) {
    let mut fellow = started(server());
    let to = fellow.address().to_string();
    let stopping = Stopping::new(&["--late-arrivals", "relay", "--relay-to", &to]);
    let succeeded = succeeded(&Calls::new(client, "off", FIRST_MS, &[stopping.port()]).end(), &["OK"]);
    let late = stopping.late_arrivals();
    assert_eq!((&late["relayed"], &late["goaway"]), (&succeeded.into(), &0.into()), "{late}");
    fellow.signal(libc::SIGTERM);
    assert_eq!(succeeded, handled(&mut fellow), "each was processed once");
}

/// A channel keeps its connection: it is asked to make new ones while calls are under way, and no call sees it.
fn moves() {
    let mut fellow = started(server());
    let to = fellow.address().to_string();
    let stopping = Stopping::new(&["--late-arrivals", "relay", "--relay-to", &to]);
    // Without its own retries the C core fails a call that it has not yet sent when GOAWAY comes.
    let ended = Calls::new(grpcio_on_one_channel, "own", LONG_MS, &[stopping.port()]).end();
    let succeeded = succeeded(&ended, &["OK"]);
    let late = stopping.late_arrivals();
    let connections = late["relayed"].as_u64().unwrap();
    assert!((2..succeeded).contains(&connections), "{late} {ended}");
    assert_eq!(late["cut"], 0, "{late}");
    // The client may end just when it has come back.
    assert!(late["gone"].as_u64() <= Some(1), "{late}");
    fellow.signal(libc::SIGTERM);
    assert_eq!(succeeded, handled(&mut fellow), "each was processed once");
}
