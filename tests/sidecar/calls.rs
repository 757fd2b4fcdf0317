//! What is asked of a sidecar, and when.
use crate::beside::{Sidecar, answer};
use crate::drains::SERVED;
use crate::support::PATIENCE;
use crate::support::ports::free_port;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("readiness_follows_the_drain_and_the_server_that_is_started_again", readiness),
        test("calls_at_once_wait_for_one_drain", at_once),
        test("a_call_that_is_cut_waits_no_longer", cut),
        test("a_call_after_the_end_is_told_and_the_next_server_is_drained_anew", again),
        test("a_call_without_the_token_is_closed_without_an_answer", token),
        test("a_call_from_elsewhere_is_closed_without_an_answer", elsewhere),
        test("a_drain_without_a_server_fails_and_says_so", no_server),
        test("paths_that_are_none_are_told", paths),
    ]
}

fn gunicorn() -> Server {
    Server::gunicorn("sync", &["--workers", "1", "--reuse-port"]).start()
}

fn readiness() {
    let builder = Server::gunicorn("sync", &["--workers", "1", "--reuse-port"]);
    let mut server = builder.clone().start();
    let sidecar = Sidecar::beside(&server, &[]);
    let readiness = || sidecar.get("/readyz").0;
    assert_eq!(readiness(), 200);
    // When: drained, and not stopped yet.
    assert_eq!(sidecar.get("/drain").0, 200);
    assert_eq!(readiness(), 503);
    // Then stopped, and started again in its place.
    server.signal(libc::SIGTERM);
    server.wait(PATIENCE);
    wait_for("the end of the drain", || sidecar.get("/readyz").1.contains("does not listen").then_some(()));
    let again = builder.start();
    assert_eq!(readiness(), 200);
    assert_eq!(again.get("/"), "ok");
    assert_eq!(sidecar.get("/healthz").0, 200);
}

fn at_once() {
    let server = gunicorn();
    let sidecar = Sidecar::beside(&server, &["--lame-duck", "1s"]);
    let calls: Vec<_> = (0..3).map(|_| sidecar.call("/drain", "")).collect();
    for call in calls {
        assert_eq!(answer(call), (200, SERVED.to_owned()));
    }
    let (status, metrics) = sidecar.get("/metrics");
    assert_eq!(status, 200);
    for line in ["lameduck_drains_total{outcome=\"served\"} 1", "lameduck_draining 1", "# EOF"] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert_eq!(sidecar.log().matches("hook: draining").count(), 1);
    // A kubelet that was restarted asks again.
    assert_eq!(sidecar.get("/drain").0, 200);
}

fn cut() {
    let mut server = gunicorn();
    let sidecar = Sidecar::beside(&server, &["--lame-duck", "50s"]);
    let call = sidecar.call("/drain", "");
    wait_for("the drain", || sidecar.log().contains("hook: draining").then_some(()));
    drop(call);
    wait_for("a word about it", || sidecar.log().contains("the hook was ended").then_some(()));
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert_eq!(sidecar.stop(), Some(0));
}

fn again() {
    let builder = Server::gunicorn("sync", &["--workers", "1"]);
    let mut server = builder.clone().start();
    let sidecar = Sidecar::beside(&server, &[]);
    assert_eq!(sidecar.get("/drain").0, 200);
    server.signal(libc::SIGTERM);
    server.wait(PATIENCE);
    wait_for("the end of the drain", || sidecar.get("/readyz").1.contains("does not listen").then_some(()));
    // When: called again. Then there is nothing to drain, which the kubelet shows to nobody.
    assert_eq!(sidecar.get("/drain").0, 500);
    assert!(
        sidecar.log().contains("cannot drain: nobody listens at the server's ports"),
        "{}",
        sidecar.log()
    );
    let _again = builder.start();
    assert_eq!(sidecar.get("/drain"), (200, SERVED.to_owned()));
    let (_, metrics) = sidecar.get("/metrics");
    for line in ["lameduck_drains_total{outcome=\"served\"} 2", "lameduck_drains_total{outcome=\"failed\"} 1"]
    {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

fn token() {
    let server = gunicorn();
    let sidecar = Sidecar::beside(&server, &["--token", "a-guard"]);
    assert_eq!(sidecar.get("/drain"), (0, String::new()));
    assert_eq!(answer(sidecar.call("/drain", "X-Lameduck-Token: another\r\n")).0, 0);
    assert!(
        sidecar.log().contains("a call of /drain was refused: its X-Lameduck-Token"),
        "{}",
        sidecar.log()
    );
    assert_eq!(sidecar.get("/readyz").0, 200, "which needs no token, nor was anything drained");
    assert_eq!(answer(sidecar.call("/drain", "X-Lameduck-Token: a-guard\r\n")).0, 200);
}

fn elsewhere() {
    let server = gunicorn();
    let sidecar = Sidecar::beside(&server, &["--allow", "192.0.2.0/24,2001:db8::/32"]);
    assert_eq!(sidecar.get("/drain").0, 0);
    assert!(
        sidecar.log().contains("an address that --allow does not have from=127.0.0.1"),
        "{}",
        sidecar.log()
    );
    let sidecar = Sidecar::beside(&server, &["--allow", "192.0.2.0/24,127.0.0.0/8"]);
    assert_eq!(sidecar.get("/drain").0, 200);
}

fn no_server() {
    let sidecar = Sidecar::start(free_port(), &[]);
    assert_eq!(sidecar.get("/readyz").0, 503);
    let (status, words) = sidecar.get("/drain");
    assert_eq!(
        (status, words.contains("nobody listens at the server's ports (--port)")),
        (500, true),
        "{words}"
    );
    assert!(sidecar.get("/metrics").1.contains("lameduck_drains_total{outcome=\"failed\"} 1"));
}

fn paths() {
    let sidecar = Sidecar::start(free_port(), &[]);
    assert_eq!(sidecar.get("/").0, 404);
    assert_eq!(answer(sidecar.call("http://[", "")).0, 400);
}
