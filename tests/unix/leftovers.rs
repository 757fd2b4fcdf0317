//! Names of lameduck's in the server's directory: gone after a run that was killed, and no others.
use crate::scene::{KINDS, Place};
use crate::served::{Served, serve};
use crate::support::process::kill;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use std::fs;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// So that a drain lasts until the test has seen it: who has begun a request is young for so long.
const HOLDING: [&str; 4] = ["--silent-grace", "1h", "--timeout", "60s"];

pub fn trials() -> Vec<Trial> {
    vec![
        trial("the_names_of_a_killed_run_are_removed_by_the_next", &Ok(()), killed),
        trial("the_names_of_a_run_that_goes_on_stay_when_its_server_is_gone", &Ok(()), goes_on),
        trial("names_that_are_not_ours_or_lead_to_somebody_stay", &Ok(()), others),
        trial("two_lameducks_do_not_gate_one_listener", &Ok(()), two),
    ]
}

/// A server behind its closed gate, and who holds the drain.
fn gated(path: &Path) -> (Server, UnixStream) {
    let server = KINDS[1].gunicorn(path).under_lameduck(&HOLDING).start();
    let mut holder = UnixStream::connect(path).unwrap();
    holder.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    (server, holder)
}

fn killed() {
    let place = Place::new();
    let path = place.socket(60);
    let (server, _holder) = gated(&path);
    kill(server.pid(), libc::SIGKILL);
    drop(server);
    let left = place.names();
    assert_eq!(left.iter().filter(|name| name.starts_with(".lameduck-")).count(), 2, "{left:?}");
    // When: the next one drains. Then: neither the old names nor new ones are left.
    let mut server = KINDS[1].gunicorn(&path).under_lameduck(&[]).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert_eq!(place.names(), [""; 0]);
}

fn goes_on() {
    let served = Served::new();
    let mut gate = served.close();
    let (names, queued) = (served.place.names(), served.connect());
    // When: its server is gone, and another gate is formed in the directory.
    drop(served.socket);
    let other_path = served.place.path().join("other");
    let (other, listener) = serve(&other_path, 10);
    let mut others_gate = lameduck::sockets::gate::PathGate::form(&listener, &[].into()).unwrap();
    // Then: the first one's names are as they were, and it ends as ever.
    let now = served.place.names();
    assert!(names.iter().all(|name| now.contains(name)), "{now:?}, not {names:?}");
    others_gate.shut();
    gate.shut();
    assert_eq!(served.place.names().len(), 2);
    drop((queued, other));
}

fn others() {
    let served = Served::new();
    let at = |name: &str| served.place.path().join(name);
    let listening = UnixListener::bind(at(".lameduck-1-server")).unwrap();
    fs::write(at(".lameduck-2-ours"), "no socket").unwrap();
    fs::create_dir(at(".lameduck-3-new")).unwrap();
    for name in [".lameduck-4-theirs", ".lameduck-x-ours", ".lameduck-+5-ours", ".lameduck-6-ours-", "a"] {
        // Dropped, a listener leaves its file.
        drop(UnixListener::bind(at(name)).unwrap());
    }
    let before = served.place.names();
    for over in ["ours", "new", "server"] {
        drop(UnixListener::bind(at(&format!(".lameduck-7-{over}"))).unwrap());
    }
    drop(served.form());
    assert_eq!(served.place.names(), before);
    // Nor does the one who listens notice anything.
    listening.set_nonblocking(true).unwrap();
    assert!(listening.accept().is_err(), "nobody has come");
}

fn two() {
    let served = Served::new();
    let mut gate = served.form();
    let error = served.try_to_form().unwrap_err().to_string();
    assert!(error.starts_with("cannot listen beside unix:/") && error.contains("in use"), "{error}");
    // Then: the first is none the worse.
    gate.close().unwrap();
    let _late = served.connect();
    assert_eq!(served.queues(&gate), (Some(0), Some(1)));
    gate.shut();
    assert_eq!(served.place.names().len(), 1);
}
