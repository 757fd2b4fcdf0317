//! Whatever of lameduck is re-parented to the server's process 1 ends with status 0, however it ends, and the server goes on: gunicorn
//! takes an orphan's 3 or 4 for a worker that failed to boot, and shuts down.
//!
//! Process 1 is stopped meanwhile, so that it reaps nobody: the status of one that has ended is read from /proc.
use crate::container::{CONTAINER, first_of, hook_in, needs};
use crate::hook::{detached, said};
use crate::support::ports::free_port;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{process, python, wait_for};
use libtest_mimic::Trial;
use procfs::process::{Process, Stat};
use std::process::{Command, Stdio};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |name: &str, needs: &Result<(), String>, server: Box<dyn Fn() -> Builder + Send>| {
        // The others leave what they have adopted as it is.
        let reaps = name.starts_with("gunicorn");
        let name = format!("under_{name}_as_process_1_all_end_with_status_0");
        trials.push(trial(&name, needs, move || {
            all_end_with_status_0(&server().under(&CONTAINER).start(), reaps);
        }));
    };
    for class in ["sync", "gthread", "gevent", "tornado"] {
        let gunicorn = move || Server::gunicorn(class, &["--workers", "2"]);
        add(&format!("gunicorn_{class}"), &needs(), Box::new(gunicorn));
    }
    for kind in [Kind::UvicornWorker, Kind::Uvicorn, Kind::Waitress, Kind::Granian, Kind::Node] {
        add(kind.name(), &needs().and(kind.needs()), Box::new(move || kind.builder()));
    }
    add(
        "uvicorn_with_workers",
        &needs(),
        Box::new(|| of_python("uvicorn", &["--workers", "2", "--port"], "")),
    );
    add(
        "hypercorn_with_workers",
        &needs(),
        Box::new(|| of_python("hypercorn", &["--workers", "2", "--bind"], "127.0.0.1:")),
    );
    add("uwsgi", &needs(), Box::new(uwsgi));
    add("node_cluster", &needs().and(Kind::Node.needs()), Box::new(node_cluster));
    add("puma", &needs().and(is_there("puma")), Box::new(puma));
    trials
}

fn is_there(program: &str) -> Result<(), String> {
    let works = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    works
        .then_some(())
        .ok_or_else(|| format!("{program} is not on PATH: install it to test with this server"))
}

fn of_python(program: &str, options: &[&str], before_the_port: &str) -> Builder {
    let port = free_port();
    let at = format!("{before_the_port}{port}");
    let args = [options, &[&at, "asgi:application"]].concat();
    Builder::new(port, python::program(program), args).env("PYTHONPATH", python::SERVERS)
}

fn node_cluster() -> Builder {
    let port = free_port();
    Builder::new(port, "node", [format!("{}/cluster.js", python::SERVERS), port.to_string()])
}

fn uwsgi() -> Builder {
    let port = free_port();
    let (socket, directory) = (format!("127.0.0.1:{port}"), python::SERVERS);
    let args = ["--http-socket", &socket, "--master", "--processes", "2", "--chdir", directory];
    Builder::new(port, python::program("uwsgi"), [&args[..], &["--module", "app:application"]].concat())
}

fn puma() -> Builder {
    let (port, directory) = (free_port(), python::SERVERS);
    let files = ["puma.rb", "config.ru"].map(|file| format!("{directory}/{file}"));
    Builder::new(port, "puma", ["--config", &files[0], &files[1]]).env("PORT", &port.to_string())
}

fn all_end_with_status_0(server: &Server, reaps: bool) {
    let first = first_of(server);
    let still = Still::of(first);
    let call = |wrapper: &[&str], options: &[&str]| {
        let mut hook =
            hook_in(server, wrapper, &[&["--settle", "0", "--release-after", "0"], options].concat()).1;
        hook.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the hook")
    };

    // When: the hook returns, and nobody stops the server.
    said(&call(&[], &["--lame-duck", "0"]).wait_with_output().expect("the hook"), 0);
    assert_eq!(still.orphans(server), [0], "{}", server.log());

    // When: the hook is killed while it drains.
    let hook = call(&[], &["--lame-duck", "50s"]);
    let draining = until_it_drains(server);
    let of_lameduck = detached(server).into_iter();
    of_lameduck.filter(|pid| *pid != draining).for_each(|hook| process::kill(hook, libc::SIGKILL));
    hook.wait_with_output().expect("the hook");
    assert_eq!(still.orphans(server), [0, 0], "{}", server.log());

    // When: what drains is told to stop.
    let hook = call(&[], &["--lame-duck", "50s"]);
    process::kill(until_it_drains(server), libc::SIGTERM);
    hook.wait_with_output().expect("the hook");
    assert_eq!(still.orphans(server), [0, 0, 0], "{}", server.log());

    // When: descriptors are lacking. It may not come as far as an orphan.
    for descriptors in [6, 8, 10, 12, 14] {
        let limit = format!("--nofile={descriptors}:{descriptors}");
        call(&["prlimit", &limit], &["--lame-duck", "0"]).wait_with_output().expect("the hook");
    }
    let all = still.orphans(server);
    assert!(all.iter().all(|status| *status == 0), "{all:?}: {}", server.log());

    // Then: process 1 goes on when it sees them.
    drop(still);
    if reaps {
        wait_for("the end of all orphans", || orphans_of(first).is_empty().then_some(()));
    }
    assert!(server.get("/").starts_with("ok"));

    // When: what drains is killed. Nobody can keep it from its status, and none of those servers minds this one.
    let hook = call(&[], &["--lame-duck", "50s"]);
    process::kill(until_it_drains(server), libc::SIGKILL);
    hook.wait_with_output().expect("the hook");
    wait_for("the end of what drained", || detached(server).is_empty().then_some(()));
    assert!(server.get("/").starts_with("ok"));
}

/// Process 1, stopped, so that it reaps nobody.
struct Still(u32);

impl Still {
    fn of(first: u32) -> Self {
        process::kill(first, libc::SIGSTOP);
        Self(first)
    }

    /// The wait statuses of all orphans, once none of lameduck's processes runs any more. One that has given up its memory, and with it
    /// its command line, is not yet one that has ended (do_exit() in kernel/exit.c).
    fn orphans(&self, server: &Server) -> Vec<i32> {
        wait_for("the end of what drains", || detached(server).is_empty().then_some(()));
        wait_for("the end of all orphans", || {
            let orphans = orphans_of(self.0);
            let ended = orphans.iter().all(|stat| stat.state == 'Z');
            ended.then(|| orphans.iter().map(|stat| stat.exit_code.expect("we may read it")).collect())
        })
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        process::kill(self.0, libc::SIGCONT);
    }
}

/// Those of lameduck's processes that process 1 has adopted, and not reaped.
fn orphans_of(first: u32) -> Vec<Stat> {
    let stats = process::all().filter_map(|pid| Process::new(pid.cast_signed()).ok()?.stat().ok());
    stats.filter(|stat| stat.comm == "lameduck" && stat.ppid.cast_unsigned() == first).collect()
}

/// The process that drains, when it does.
fn until_it_drains(server: &Server) -> u32 {
    wait_for("the drain", || {
        let is_detached = |pid: &u32| {
            std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words.ends_with(b"--detached\0"))
        };
        let draining = detached(server).into_iter().find(is_detached)?;
        // It has blocked the signals that it receives.
        process::field(draining, "SigBlk")
            .is_some_and(|mask| !mask.trim_start_matches('0').is_empty())
            .then_some(draining)
    })
}
