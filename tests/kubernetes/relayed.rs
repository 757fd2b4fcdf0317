//! Late arrivals go to the other ready endpoints of the Services, which nobody had to name.
use crate::api_server::ApiServer;
use crate::scene::{Pod, endpoint, read, slice};
use crate::support::load::{plan, until_gone};
use crate::support::ports::free_port;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, process, python, wait_for};
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::TcpStream;

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("late_arrivals_are_relayed_to_the_other_endpoints_of_the_service", openssl, relayed),
        trial(
            "who_comes_when_the_endpoints_are_known_is_relayed_though_others_came_before",
            openssl,
            known_later,
        ),
    ]
}

/// With threads to spare: what it answers, it answers at once.
fn fellow() -> Server {
    Server::gunicorn("gthread", &["--threads", "64"]).start()
}

fn relayed() {
    let api = ApiServer::start();
    let fellow = fellow();
    let options = ["--late-arrivals", "relay", "--gate", "divert", "--lame-duck", "0"];
    let pod = Pod::new(Server::gunicorn("sync", &["--workers", "2"]), &api, &options);
    let (mut server, report) = pod.start();
    // Two slices of one Service, because the numbers of their ports differ.
    api.put(slice("web-a", server.address().port(), &[endpoint(0, "127.0.0.1", false, true)]));
    api.put(slice("web-b", fellow.address().port(), &[endpoint(1, "127.0.0.1", true, false)]));
    let plan = plan(&server, 90.0);
    let tally = until_gone(&mut server, plan, 60, |server| server.signal(libc::SIGTERM)).tally;
    let report = read(&report);
    assert_eq!(
        (&report["endpoints"], tally.lost, tally.answered_late),
        (&"withdrawn".into(), 0, 0),
        "{tally:?} {report}"
    );
    assert!(
        report["late_arrivals"]["relayed"].as_u64().unwrap() > 0,
        "the stop was not under load: {report}"
    );
}

/// The server closes its listener in the lame duck, while this pod is the only one that is ready.
fn known_later() {
    let api = ApiServer::start();
    let fellow = fellow();
    let port = free_port();
    let script = format!("{}/group.py", python::SERVERS);
    let words = [&script, "127.0.0.1", &port.to_string(), "1", "0"].map(str::to_owned);
    let closing = Builder::new(port, python::program("python"), words);
    let pod = Pod::new(closing, &api, &["--late-arrivals", "relay", "--gate", "divert"]);
    let (mut server, report) = pod.env("LAMEDUCK_LOG_LEVEL", "debug").start();
    api.put(slice("web-a", port, &[endpoint(0, "127.0.0.1", true, false)]));
    let hears = |said: &str| wait_for(said, || server.log().contains(said).then_some(()));
    server.signal(libc::SIGTERM);
    hears("no other endpoint of this Service is ready");
    let child = server.processes().into_iter().find(|pid| *pid != server.pid()).expect("the server itself");
    process::kill(child, libc::SIGUSR1);
    hears("no process of the server holds this listener");
    assert_eq!(status_of_an_answer(port), "503");
    api.put(slice("web-b", fellow.address().port(), &[endpoint(1, "127.0.0.1", true, false)]));
    api.put(slice("web-a", port, &[endpoint(0, "127.0.0.1", false, true)]));
    hears("withdrawn: no Service offers this pod any more");
    assert_eq!(status_of_an_answer(port), "200");
    let status = server.wait(PATIENCE * 2);
    let rest = &read(&report)["the_rest"];
    let figures = [&rest["answered"], &rest["relayed"]].map(|figure| figure.as_u64().unwrap());
    assert_eq!((figures, status.code()), ([1, 1], Some(0)), "{rest}");
}

fn status_of_an_answer(port: u16) -> String {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"GET /pid HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}
