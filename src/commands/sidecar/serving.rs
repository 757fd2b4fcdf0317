//! The sockets, and the end.
use super::drains::Drains;
use super::guard::Guard;
use super::routes::Routes;
use crate::cli::SidecarArgs;
use crate::sockets::{OwnCalls, listen};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

/// After accept(2) has failed for want of something.
const RETRY: Duration = Duration::from_millis(100);
/// How often it is looked whether a drain is over.
const PACE: Duration = Duration::from_millis(10);

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot listen.
pub async fn serve(args: SidecarArgs) -> Result<(), String> {
    let stop = |kind| signal(kind).map_err(|error| format!("cannot receive signals: {error}"));
    let mut stops = (stop(SignalKind::terminate())?, stop(SignalKind::interrupt())?);
    let listener = listener(args.http)?;
    let reserve = args.hook.drain.reserve;
    info!(http = %args.http, ports = ?args.hook.sockets.ports, "waiting for the kubelet");
    let same =
        listener.as_fd().try_clone_to_owned().map_err(|error| format!("cannot count calls: {error}"))?;
    let drains = Drains::new(args.hook.clone(), OwnCalls::of(same));
    let routes = Rc::new(Routes { guard: Guard::new(&args), drains });
    let everything = LocalSet::new();
    everything.run_until(accept_until_told(&listener, &mut stops, &routes)).await;
    info!("told to stop");
    // Nobody waits for a drain any more: it hurries.
    drop(everything);
    let until = Instant::now() + reserve;
    while routes.drains.is_present() && Instant::now() < until {
        sleep(PACE).await;
    }
    Ok(())
}

/// Dual-stack by default, which a kernel without IPv6 does not have.
fn listener(at: SocketAddr) -> Result<TcpListener, String> {
    let bound: Result<OwnedFd, String> = listen::at(at).or_else(|error| match at {
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            listen::at((Ipv4Addr::UNSPECIFIED, at.port()).into()).map_err(|_| error)
        }
        _ => Err(error),
    });
    let listener = StdListener::from(bound?);
    let listener = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    listener.map_err(|error| format!("cannot listen at {at} (--http): {error}"))
}

async fn accept_until_told(listener: &TcpListener, stops: &mut (Signal, Signal), routes: &Rc<Routes>) {
    loop {
        tokio::select! {
            _ = stops.0.recv() => return,
            _ = stops.1.recv() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    routes.drains.count_a_call();
                    drop(spawn_local(talk(stream, from, Rc::clone(routes))));
                }
                Err(error) => {
                    warn!(%error, "cannot accept a call");
                    sleep(RETRY).await;
                }
            },
        }
    }
}

async fn talk(stream: TcpStream, from: SocketAddr, routes: Rc<Routes>) {
    let service = service_fn(|request| Rc::clone(&routes).answer(from.ip(), request));
    let talking = http1::Builder::new().keep_alive(true).serve_connection(TokioIo::new(stream), service);
    if let Err(error) = talking.await {
        debug!(%from, %error, "a call has ended early");
    }
}
