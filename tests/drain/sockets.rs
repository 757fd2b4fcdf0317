//! Listeners of other kinds: handed over by lameduck, dual-stack, several, of one address only.
use crate::stop::KINDS;
use crate::support::load::{Result, plan, until_gone};
use crate::support::ports::free_port;
use crate::support::python;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_socket_that_lameduck_listens_on_loses_nobody", &Ok(()), || {
            loses_nobody(&handed_over(), "capture=listen");
        }),
        trial("a_dual_stack_socket_loses_nobody", &Ok(()), || {
            loses_nobody(&bound_to(&["[::]"]), "capture=getfd");
        }),
        trial("a_wildcard_socket_loses_nobody", &Ok(()), || {
            loses_nobody(&bound_to(&["0.0.0.0"]), "capture=getfd");
        }),
        trial("several_listeners_lose_nobody", &Ok(()), || {
            loses_nobody(&bound_to(&["127.0.0.1", "[::1]"]), "capture=getfd");
        }),
        trial("a_port_that_is_not_named_is_left_alone", &Ok(()), left_alone),
        trial("a_socket_of_listen_that_the_server_does_not_take_is_answered", &Ok(()), not_taken),
    ]
}

fn handed_over() -> Builder {
    Server::gunicorn_given_its_socket("sync", &["--workers", "2"], &[])
}

/// gunicorn on one port of these hosts, the first of which clients reach by 127.0.0.1.
fn bound_to(hosts: &[&str]) -> Builder {
    let port = free_port();
    let mut args = vec!["--chdir".to_owned(), python::SERVERS.to_owned(), "--workers=2".to_owned()];
    args.extend(hosts.iter().map(|host| format!("--bind={host}:{port}")));
    args.push("app:application".to_owned());
    Builder::new(port, python::program("gunicorn"), args).under_lameduck(&[])
}

fn loses_nobody(server: &Builder, logged: &str) {
    let mut server = server.clone().start();
    let plan = plan(&server, KINDS[0].rate);
    let Result { tally, status } =
        until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
    println!("{tally:?}");
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!(status.code(), Some(0));
    assert!(server.log().contains(logged), "{}", server.log());
}

/// With `--port` of another port the server's queue is nobody's business, and is lost as by a plain stop.
fn left_alone() {
    let other = free_port().to_string();
    let mut server = KINDS[0].gunicorn().under_lameduck(&["--port", &other]).start();
    let plan = plan(&server, KINDS[0].rate);
    let Result { tally, .. } =
        until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
    assert!(tally.lost > 0 && tally.answered_late == 0, "{tally:?}");
    assert!(server.log().contains("the server has no listener"), "{}", server.log());
}

/// The server listens elsewhere, and holds the socket that it was offered all the same: whether it will accept from it,
/// nobody can know. Who came there is told so when time is over.
fn not_taken() {
    let unused = free_port();
    let listen = format!("127.0.0.1:{unused}");
    let port = free_port();
    let serve = "import http.server, sys\n\
        class Handler(http.server.BaseHTTPRequestHandler):\n\
        \x20   def do_GET(self):\n\
        \x20       self.send_response(200); self.send_header('Content-Length', '0'); self.end_headers()\n\
        http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n";
    let builder = Builder::new(port, python::program("python"), ["-c", serve, &port.to_string()]);
    let mut server = builder.under_lameduck(&["--listen", &listen, "--timeout", "1s"]).start();
    let client = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut client = std::net::TcpStream::connect(("127.0.0.1", unused)).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    });
    crate::support::wait_for("a queued client", || {
        let rows = procfs::net::tcp().ok()?;
        rows.iter().any(|row| row.local_address.port() == unused && row.rx_queue == 1).then_some(())
    });
    server.signal(libc::SIGTERM);
    assert!(client.join().unwrap().starts_with("HTTP/1.1 503 "));
    assert_eq!(server.wait(crate::support::PATIENCE).code(), Some(128 + libc::SIGTERM));
}
