//! Private memory of `lameduck run`: at rest, while the endpoints are watched, and when the gate has closed.
use crate::api_server::ApiServer;
use crate::figures::{memory, table};
use crate::scene::{Pod, beside_another, gunicorn};
use crate::support::wait_for;
use std::io::Write;
use std::net::TcpStream;

/// Holds the drain until it is measured, ms. gunicorn ends a worker after 30 s.
const LONG_WORK: u32 = 25_000;

/// Measures, and prints the table.
pub fn measure() {
    let [off, auto] = ["off", "auto"].map(held);
    let rows = ["at rest", "while the endpoints are watched", "when the gate has closed"].into_iter();
    let rows = rows.zip(off).zip(auto).map(|((what, off), auto)| {
        [vec![what.to_owned()], [off, auto, auto.saturating_sub(off)].map(|kb| kb.to_string()).into()]
            .concat()
    });
    let columns = ["private memory, kB", "--withdrawal off", "auto", "difference"];
    table::print(&columns, &rows.collect::<Vec<_>>());
}

fn held(withdrawal: &str) -> [u64; 3] {
    let api = ApiServer::start();
    api.put(beside_another(8000, true));
    let options = ["--withdrawal", withdrawal, "--lame-duck", "3s", "--settle", "0", "--timeout", "60s"];
    let (server, _) = Pod::new(gunicorn(), &api, &options).start();
    let private = || memory::private_kb(server.pid());
    let mut client = TcpStream::connect(server.address()).expect("a connection");
    write!(client, "GET /?ms={LONG_WORK} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
    let at_rest = private();
    server.signal(libc::SIGTERM);
    wait_for("the lame duck", || (withdrawal == "off" || api.objects().watches == 1).then_some(()));
    wait_for("the stop signal", || server.log().contains("draining").then_some(()));
    let watching = private();
    api.put(beside_another(8000, false));
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    // The thread that asked has ended.
    let threads = || std::fs::read_dir(format!("/proc/{}/task", server.pid())).map_or(0, Iterator::count);
    let named = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).into_iter().flatten().flatten();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
            .any(|name| name.trim() == "kubernetes")
    };
    wait_for("the end of the thread that asked", || (threads() > 0 && !named()).then_some(()));
    [at_rest, watching, private()]
}
