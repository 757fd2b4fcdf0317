//! /proc with hidepid: other users' processes are not there, and nobody is lost for that.
use crate::inside::signal_lameduck;
use crate::queued;
use crate::stop::KINDS;
use crate::support::PATIENCE;
use crate::support::load::{plan, until_gone};
use crate::support::ports::free_port;
use crate::support::python;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use rustix::process::geteuid;

/// Before gunicorn, or before lameduck too.
const AS_NOBODY: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
/// Root as in a container.
const NO_PTRACE: [&str; 3] = ["setpriv", "--bounding-set", "-sys_ptrace"];

pub fn trials(usable: &Result<(), String>) -> Vec<Trial> {
    let root =
        geteuid().is_root().then_some(()).ok_or_else(|| "needs root, for processes of two users".to_owned());
    let needs = usable.clone().and(root);
    vec![
        trial("with_hidepid_a_server_of_another_user_is_waited_for_at_its_port", &needs, of_another_user),
        trial("with_hidepid_a_server_of_another_user_whose_port_has_no_name_is_told", &needs, nameless),
        trial("with_hidepid_a_server_of_the_same_user_is_drained", &needs, || {
            is_drained("invisible", &AS_NOBODY, &[]);
        }),
        trial("with_hidepid_a_root_that_may_trace_drains_a_server_of_another_user", &needs, || {
            is_drained("2", &[], &AS_NOBODY);
        }),
    ]
}

/// gunicorn at this port under lameduck, in a container whose /proc is mounted so.
fn started(hidepid: &str, port: u16, lameduck: &[&str], options: &[&str], gunicorn: &[&str]) -> Server {
    let mount = format!("mount -t proc -o hidepid={hidepid} proc /proc && exec \"$@\"");
    let container = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", &mount, "sh"];
    let program = [env!("CARGO_BIN_EXE_lameduck"), "run"];
    let wrapper = [&container, lameduck, &program, options, &["--"], gunicorn].concat();
    let bind = format!("127.0.0.1:{port}");
    let args = ["--no-control-socket", "--chdir", python::SERVERS, "--bind", &bind, "--workers", "2"];
    Builder::new(port, python::program("gunicorn"), args.iter().chain(&["app:application"]))
        .booted()
        .under(&wrapper)
        .start()
}

fn of_another_user() {
    for hidepid in ["1", "2", "invisible,gid=5", "ptraceable"] {
        let port = free_port();
        let options = ["--port", &port.to_string()];
        let mut server = started(hidepid, port, &NO_PTRACE, &options, &AS_NOBODY);
        queued::are_answered(&mut server, signal_lameduck);
        let log = server.log();
        assert!(log.contains("may not see what this process of the server listens on"), "{log}");
        assert!(log.contains("no gate") && log.contains("outcome=drained gate=none"), "{log}");
    }
}

/// Then it is as without lameduck.
fn nameless() {
    for hidepid in ["1", "ptraceable"] {
        let mut server = started(hidepid, free_port(), &NO_PTRACE, &[], &AS_NOBODY);
        signal_lameduck(&server);
        assert_eq!(server.wait(PATIENCE).code(), Some(0));
        let log = server.log();
        assert_eq!(log.matches("may not see what this process of the server listens on").count(), 1, "{log}");
        assert!(log.contains("no gate (may not see what the server listens on)"), "{log}");
    }
}

fn is_drained(hidepid: &str, lameduck: &[&str], gunicorn: &[&str]) {
    let mut server = started(hidepid, free_port(), lameduck, &[], gunicorn);
    let plan = plan(&server, KINDS[0].rate);
    let result = until_gone(&mut server, plan, KINDS[0].backlog, signal_lameduck);
    let tally = &result.tally;
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert!(tally.answered_late > 0, "nobody was late: {tally:?}");
    assert_eq!(result.status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
