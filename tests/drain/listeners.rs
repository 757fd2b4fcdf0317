//! One server with listeners of many kinds: each is gated, each has its row in the report, and those that are ignored
//! are left alone.
use crate::support::halves::{answer, half_a_request};
use crate::support::ports::free_port;
use crate::support::server::Builder;
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::Path;

pub fn trials() -> Vec<Trial> {
    vec![trial("twins_dual_stack_and_several_ports_are_gated_and_ignored_ports_are_not", &Ok(()), many)]
}

fn many() {
    // Given: a v4 and a v6 twin, a dual-stack wildcard, and an admin port where somebody sits on half of a request.
    let [twins, dual, admin] = [free_port(), free_port(), free_port()];
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("listeners-{}.json", std::process::id()));
    let binds = [
        format!("127.0.0.1:{twins}"),
        format!("[::1]:{twins}"),
        format!("[::]:{dual}"),
        format!("127.0.0.1:{admin}"),
    ];
    let mut args = vec!["--chdir".to_owned(), python::SERVERS.to_owned(), "--backlog=77".to_owned()];
    let fixed = ["--no-control-socket", "--worker-class=gthread", "--threads=8", "--workers=2"];
    args.extend(fixed.map(str::to_owned));
    args.extend(binds.iter().map(|bind| format!("--bind={bind}")));
    args.push("app:application".to_owned());
    let ignored = admin.to_string();
    let options = ["--ignore-port", &ignored, "--report", file.to_str().unwrap(), "--timeout", "20s"];
    let mut server = Builder::new(twins, python::program("gunicorn"), args).under_lameduck(&options).start();
    let holder = half_a_request(("127.0.0.1", twins));
    let sitting = half_a_request(("127.0.0.1", admin));

    // When: it is stopped. Then: each way leads to lameduck, but the ignored one.
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    for (host, port) in [("127.0.0.1", twins), ("::1", twins), ("127.0.0.1", dual), ("::1", dual)] {
        assert!(answer(half_a_request((host, port))).starts_with("HTTP/1.1 503 "), "{host} {port}");
    }
    assert!(answer(half_a_request(("127.0.0.1", admin))).starts_with("HTTP/1.1 200 "), "left to the server");
    assert!(answer(holder).starts_with("HTTP/1.1 200 "));

    // And: the half request on the ignored port holds nothing up; each socket has its row.
    wait_for("the forward", || server.log().contains("forwarded").then_some(()));
    assert!(server.log().contains("signal=TERM"), "{}", server.log());
    drop(sitting);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(report["outcome"], "drained", "{report}");
    let rows = report["sockets"].as_array().unwrap();
    let row = |address: &str| {
        rows.iter().find(|row| row["address"] == address).unwrap_or_else(|| panic!("{report}"))
    };
    assert_eq!(rows.len(), 4, "{report}");
    for bind in &binds {
        let row = row(bind);
        // The master and its two workers.
        assert_eq!((row["holders"].as_u64(), row["queue_limit"].as_u64()), (Some(3), Some(77)), "{row}");
        let (gate, capture) = if bind.ends_with(&ignored) { ("none", "none") } else { ("divert", "getfd") };
        assert_eq!((&row["gate"], &row["capture"]), (&gate.into(), &capture.into()), "{row}");
    }
    assert_eq!(row(&binds[3])["gate_reason"], "--ignore-port");
}
