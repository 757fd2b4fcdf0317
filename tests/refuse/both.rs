//! A server with TCP and unix listeners: those are refused, these come to lameduck by their path.
use crate::drains::HOLDING;
use crate::support::load::{during, plan, until_gone};
use crate::support::ports::free_port;
use crate::support::server::Server;
use crate::support::trial::trial;
use lameduck::load::Plan;
use lameduck::sockets::Address;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("tcp_is_refused_and_unix_comes_to_lameduck_and_nobody_is_lost", needs, together)]
}

fn together() {
    let place = tempfile::tempdir().unwrap();
    let (path, file) = (place.path().join("socket"), place.path().join("report.json"));
    let tcp = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let bind = format!("--bind={tcp}");
    let options = [&HOLDING[..], &["--report", file.to_str().unwrap()]].concat();
    let server = Server::gunicorn_at(&path, "sync", &["--workers", "2", &bind]);
    let mut server = server.under_lameduck(&options).start();
    let on_unix = plan(&server, 45.0);
    let on_tcp = Plan { target: Address::Tcp(tcp), ..on_unix.clone() };
    let (result, on_tcp) =
        during(on_tcp, || until_gone(&mut server, on_unix, 30, |server| server.signal(libc::SIGTERM)));
    for tally in [&result.tally, &on_tcp] {
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
        assert!(tally.answered > 0, "{tally:?}");
    }
    assert!(on_tcp.refused > 0 && on_tcp.answered_late == 0, "{on_tcp:?}");
    assert!(result.tally.answered_late > 0, "{:?}", result.tally);
    assert_eq!(result.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["gate"], "refuse", "{report}");
    let gates: Vec<(&str, &str)> = report["sockets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["address"].as_str().unwrap(), row["gate"].as_str().unwrap()))
        .collect();
    let (tcp, unix) = (tcp.to_string(), format!("unix:{}", path.display()));
    assert_eq!(gates, [(&tcp[..], "refuse"), (&unix, "divert")]);
    assert!(!path.exists(), "gunicorn has removed it");
}
