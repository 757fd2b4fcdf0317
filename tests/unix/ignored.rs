//! Unix sockets that are left alone: their clients go on reaching the server, and hold nothing up.
use crate::scene::Place;
use crate::support::halves::{answer, half_a_request_at};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::path::Path;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_socket_that_is_ignored_by_its_path_is_left_alone_beside_one_that_is_gated", &Ok(()), one),
        trial("all_sockets_of_an_ignored_directory_are_left_alone", &Ok(()), all),
    ]
}

fn one() {
    let place = Place::new();
    let (path, control) = (place.path().join("app.sock"), place.path().join("control.sock"));
    let file = place.path().join("report.json");
    let bind = format!("--bind=unix:{}", control.display());
    let control_path = control.to_str().unwrap();
    // Who has begun a request counts as in flight for so long, where it counts.
    let options = ["--silent-grace", "1h", "--timeout", "5m", "--report", file.to_str().unwrap()];
    let options = [&options[..], &["--ignore-path", control_path]].concat();
    let gunicorn = Server::gunicorn_at(&path, "gthread", &["--threads", "8", "--workers", "1", &bind]);
    let mut server = gunicorn.under_lameduck(&options).start();
    let (holder, sitting) = (half_a_request_at(&path), half_a_request_at(&control));

    // When: it is stopped. Then: the one is gated, the other is the server's as before.
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    assert!(answer(half_a_request_at(&path)).starts_with("HTTP/1.1 503 "));
    assert!(answer(half_a_request_at(&control)).starts_with("HTTP/1.1 200 "));
    let beside = place.names().iter().filter(|name| name.starts_with(".lameduck-")).count();
    assert_eq!(beside, 2, "our socket and the server's, of the one that is gated");
    assert!(answer(holder).starts_with("HTTP/1.1 200 "));

    // And: the half request on the ignored one holds nothing up.
    wait_for("the forward", || server.log().contains("forwarded").then_some(()));
    drop(sitting);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let report: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["outcome"], "drained", "{report}");
    let row = |path: &Path| {
        let address = format!("unix:{}", path.display());
        let rows = report["sockets"].as_array().unwrap();
        rows.iter().find(|row| row["address"] == address).unwrap_or_else(|| panic!("{report}"))
    };
    assert_eq!(row(&path)["gate"], "divert", "{report}");
    assert_eq!(
        (&row(&control)["gate"], &row(&control)["gate_reason"]),
        (&"none".into(), &"--ignore-path".into())
    );
}

fn all() {
    let place = Place::new();
    let path = place.path().join("app.sock");
    let options = ["--ignore-path", place.path().to_str().unwrap()];
    let mut server = Server::gunicorn_at(&path, "sync", &[]).under_lameduck(&options).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert!(!server.log().contains("gate=divert"), "{}", server.log());
}
