//! Servers that listen in other places: an abstract name, a path of 107 bytes, one relative to their directory; and a
//! server that leaves its file behind.
use crate::scene::{KINDS, Place};
use crate::support::load::{plan, until_gone};
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use lameduck::sockets::UnixName;
use libtest_mimic::Trial;
use std::fs;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixStream};

/// Serves `sys.argv[1]`, 20 ms a request and one at a time, and has no graceful stop at all.
const LEAVES_ITS_FILE: &str = "import http.server, socketserver, sys, time\n\
    class Handler(http.server.BaseHTTPRequestHandler):\n\
    \x20   def do_GET(self):\n\
    \x20       time.sleep(0.5 if self.path == '/slow' else 0.02); self.send_response(200); self.send_header('Content-Length', '2')\n\
    \x20       self.end_headers(); self.wfile.write(b'ok')\n\
    \x20   def log_message(self, *args): pass\n\
    \x20   def address_string(self): return 'unix'\n\
    class Server(socketserver.UnixStreamServer): request_queue_size = 1000\n\
    path = sys.argv[1]\n\
    Server('\\0' + path[1:] if path.startswith('@') else path, Handler).serve_forever()\n";

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_path_of_107_bytes_loses_nobody", &Ok(()), || gunicorn_loses_nobody(107)),
        trial("a_server_that_leaves_its_file_finds_it_as_it_was", &Ok(()), leaves_its_file),
        trial("a_path_relative_to_the_servers_directory_is_gated", &Ok(()), relative),
        trial("an_abstract_name_has_no_gate_and_its_queue_is_waited_for", &Ok(()), abstract_name),
        trial("a_connection_at_rest_holds_nothing_up_and_is_reported_as_unknown", &Ok(()), at_rest),
    ]
}

fn simple(name: UnixName, argument: &str) -> Builder {
    Builder::at(name.into(), python::program("python"), ["-c", LEAVES_ITS_FILE, argument])
}

fn gunicorn_loses_nobody(length: usize) {
    let place = Place::new();
    let path = place.socket(length);
    assert_eq!(path.as_os_str().len(), length);
    let mut server = KINDS[0].gunicorn(&path).under_lameduck(&[]).start();
    let plan = plan(&server, KINDS[0].rate);
    let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
    assert_eq!((result.tally.lost, result.tally.other_answers), (0, 0), "{:?}", result.tally);
    assert!(result.tally.answered_late > 0, "{:?}", result.tally);
    assert_eq!(place.names(), [""; 0]);
}

fn leaves_its_file() {
    let place = Place::new();
    let path = place.socket(60);
    let mut server = simple(UnixName::Path(path.clone()), path.to_str().unwrap()).under_lameduck(&[]).start();
    let file = fs::symlink_metadata(&path).unwrap().ino();
    let plan = plan(&server, 80.0);
    let result = until_gone(&mut server, plan, 40, |server| server.signal(libc::SIGTERM));
    assert_eq!((result.tally.lost, result.tally.other_answers), (0, 0), "{:?}", result.tally);
    assert!(result.tally.answered_late > 0, "{:?}", result.tally);
    assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), file);
    assert_eq!(place.names().len(), 1);
}

fn relative() {
    let place = Place::new();
    let path = place.path().join("app.sock");
    let chdir = ["env".as_ref(), "--chdir".as_ref(), place.path().as_os_str()];
    let chdir: Vec<&str> = chdir.iter().map(|word| word.to_str().unwrap()).collect();
    let lameduck = [env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
    let mut server =
        simple(UnixName::Path(path), "app.sock").under(&[&lameduck[..], &chdir].concat()).start();
    server.signal(libc::SIGTERM);
    server.wait(PATIENCE);
    assert!(server.log().contains("works for every listener"), "{}", server.log());
    assert_eq!(place.names(), ["app.sock"]);
}

/// Three wait in the queue; all are served before the server is stopped.
fn abstract_name() {
    let place = Place::new();
    let name = format!("lameduck-test-{}", std::process::id());
    let at = SocketAddr::from_abstract_name(&name).unwrap();
    let report = place.path().join("report.json");
    let server = simple(UnixName::Abstract(name.clone().into()), &format!("@{name}"));
    let mut server = server.under_lameduck(&["--report", report.to_str().unwrap()]).start();
    let clients: Vec<UnixStream> = (0..3)
        .map(|_| {
            let mut client = UnixStream::connect_addr(&at).unwrap();
            client.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
            client
        })
        .collect();
    server.signal(libc::SIGTERM);
    for mut client in clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    }
    assert_eq!(server.wait(PATIENCE).code(), Some(128 + libc::SIGTERM));
    let log = server.log();
    assert!(log.contains("an abstract name cannot be gated"), "{log}");
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains(&format!("unix:@{name}")) && report.contains("cannot be gated"), "{report}");
}

fn at_rest() {
    let place = Place::new();
    let path = place.socket(60);
    let report = place.path().join("report.json");
    let options = ["--report", report.to_str().unwrap(), "--timeout", "60s"];
    let gunicorn = Server::gunicorn_at(&path, "gthread", &["--keep-alive", "60", "--graceful-timeout", "1"]);
    let mut server = gunicorn.under_lameduck(&options).start();
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    server.signal(libc::SIGTERM);
    server.wait(PATIENCE);
    let report = fs::read_to_string(report).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["outcome"], "drained");
    assert_eq!(report["unknown"]["at_forward"], 1, "{report}");
    assert_eq!(report["in_flight"]["at_forward"], 0, "{report}");
    wait_for("the end of everything", || server.processes().is_empty().then_some(()));
}
