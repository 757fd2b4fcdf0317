//! The master: binds, starts the workers, passes the stop on to them.
use crate::cli::TrialServerArgs;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

/// As gunicorn's `--backlog`; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 2048;

/// Serves until told to stop by TERM, INT or QUIT, and every worker is gone.
///
/// # Errors
/// When it cannot listen or start a worker, or when a worker ended by itself.
pub fn serve(args: &TrialServerArgs) -> io::Result<()> {
    // First: no signal may come between the fork of a worker and our readiness to tell it to stop. Workers
    // inherit the mask.
    let signals: SigSet =
        [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGCHLD].into_iter().collect();
    signals.thread_block()?;
    let arrived = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?;

    let listener = listen(args.bind)?;
    eprintln!("trial-server: listening on http://{}/, {} workers", listener.local_addr()?, args.workers);
    let mut workers = Vec::new();
    let mut ended =
        (0..args.workers).try_for_each(|_| start_worker(args, &listener).map(|new| workers.push(new)));
    let mut listener = Some(listener);

    loop {
        let alive = still_there(&mut workers)?;
        if alive < usize::from(args.workers) && listener.is_some() && ended.is_ok() {
            ended = Err(io::Error::other("a worker ended by itself"));
        }
        if ended.is_err() && listener.take().is_some() {
            stop(&mut workers)?;
        }
        if alive == 0 {
            return ended;
        }
        let told = arrived.read_signal()?.is_some_and(|signal| signal.ssi_signo != Signal::SIGCHLD as u32);
        if told && listener.take().is_some() {
            stop(&mut workers)?;
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    rustix::net::listen(&listener, BACKLOG)?; // a second listen(2) changes the backlog
    listener.set_nonblocking(true)?; // workers race for each connection
    Ok(listener)
}

/// Starts this program again, with the listener as its standard input.
fn start_worker(args: &TrialServerArgs, listener: &TcpListener) -> io::Result<Child> {
    let time = |duration: std::time::Duration| humantime::format_duration(duration).to_string();
    Command::new(std::env::current_exe()?)
        .args(["trial-server", "--worker-of", &std::process::id().to_string()])
        .args(["--work", &time(args.work.work), "--slow-work", &time(args.work.slow_work)])
        .stdin(Stdio::from(OwnedFd::from(listener.try_clone()?)))
        .spawn()
}

/// How many workers are running; the others are reaped.
fn still_there(workers: &mut Vec<Child>) -> io::Result<usize> {
    let mut alive = Vec::new();
    for mut worker in workers.drain(..) {
        if worker.try_wait()?.is_none() {
            alive.push(worker);
        }
    }
    *workers = alive;
    Ok(workers.len())
}

fn stop(workers: &mut [Child]) -> io::Result<()> {
    for worker in workers {
        // Not reaped, so its pid is still its own.
        let pid = i32::try_from(worker.id()).map_err(io::Error::other)?;
        kill(Pid::from_raw(pid), Signal::SIGTERM)?;
    }
    Ok(())
}
