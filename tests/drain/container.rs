//! As PID 1 of a container: what is seen inside, and that nobody is lost.
use crate::stop::KINDS;
use crate::support::load::{Result, plan, until_gone};
use crate::support::process::{self, parent};
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let permitted = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).output();
    let permitted = match permitted {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(format!("no PID namespace here: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Err(format!("unshare (util-linux): {error}")),
    };
    vec![trial("as_pid_1_nobody_is_lost_and_no_zombie_is_left", &permitted, as_pid_1)]
}

fn as_pid_1() {
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    let container = ["unshare", "--pid", "--fork", "--mount-proc", lameduck, "run", "--"];
    let mut server = KINDS[0].gunicorn().under(&container).start();
    // So many that some knock while the plug stands: lameduck then stays to refuse them, with every listener closed.
    let plan = plan(&server, 400.0);
    let Result { tally, status } = until_gone(&mut server, plan, KINDS[0].backlog, |server| {
        let first = look_inside(server);
        process::kill(first, libc::SIGTERM);
    });
    println!("{tally:?}");
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!(status.code(), Some(0));
}

/// Checks that the container has lameduck as 1, gunicorn, its two workers, and no zombie; gives lameduck's process.
fn look_inside(server: &Server) -> u32 {
    let inside: Vec<u32> =
        server.processes().into_iter().filter(|pid| number_inside(*pid).is_some()).collect();
    let first = *inside.iter().find(|pid| number_inside(**pid) == Some(1)).expect("a PID 1");
    assert_eq!(process::field(first, "Name").as_deref(), Some("lameduck"));
    let children =
        |of: u32| inside.iter().copied().filter(|pid| parent(*pid) == Some(of)).collect::<Vec<_>>();
    let masters = children(first);
    assert_eq!(masters.len(), 1, "gunicorn's master alone");
    assert_eq!(children(masters[0]).len(), 2, "two workers");
    assert_eq!(inside.len(), 4);
    assert!(inside.iter().all(|pid| process::state(*pid) != Some('Z')));
    first
}

/// Its process id in the innermost PID namespace, where that is another than ours.
fn number_inside(pid: u32) -> Option<u32> {
    let numbers = process::field(pid, "NSpid")?;
    numbers.split_whitespace().nth(1)?.parse().ok()
}
