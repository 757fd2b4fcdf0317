//! A pod that is probed: who calls the sidecar is none of the server's arrivals, and does not hold the lame duck up.
use crate::beside::Sidecar;
use crate::drains::SERVED;
use crate::faults::{in_a_thread, own_network};
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Far more often than the kubelet, so that no settle passes without one on the busiest machine.
const PERIOD: Duration = Duration::from_millis(20);

pub fn trials() -> Vec<Trial> {
    let root = rustix::process::geteuid().is_root();
    let needs = root.then_some(()).ok_or_else(|| "a network of its own for a thread needs root".to_owned());
    vec![
        trial("who_calls_the_sidecar_does_not_hold_the_lame_duck_up", &needs, || {
            let lame_duck_ms = probed(|_, sidecar| sidecar.address(), 45_000);
            assert!(lame_duck_ms < 45_000, "{lame_duck_ms}");
        }),
        trial("who_calls_the_server_holds_it_up_to_its_bound", &needs, || {
            let lame_duck_ms = probed(|server, _| server.address(), 5_000);
            assert!(lame_duck_ms >= 5_000, "{lame_duck_ms}");
        }),
    ]
}

/// Drains a server while somebody connects all the time; gives how long the lame duck lasted. In a network of its own, whose
/// connections nobody else makes.
fn probed(whom: impl Fn(&Server, &Sidecar) -> SocketAddr + Sync, settle_timeout_ms: u64) -> u64 {
    in_a_thread(|| {
        own_network::enter().expect("a network of its own");
        let server = Server::gunicorn("sync", &["--workers", "1"]).start();
        let report = tempfile::NamedTempFile::new().expect("a file");
        let file = report.path().to_str().expect("UTF-8");
        let limit = format!("{settle_timeout_ms}ms");
        let sidecar =
            Sidecar::beside(&server, &["--settle", "1s", "--settle-timeout", &limit, "--report", file]);
        let (probed, over) = (whom(&server, &sidecar), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    drop(TcpStream::connect(probed));
                    thread::sleep(PERIOD);
                }
            });
            let told = sidecar.get("/drain");
            over.store(true, Ordering::Relaxed);
            assert_eq!(told, (200, SERVED.to_owned()), "{}", sidecar.log());
        });
        drop(server);
        let written = || serde_json::from_slice::<Value>(&fs::read(file).ok()?).ok();
        crate::support::wait_for("the report", written)["lame_duck_ms"].as_u64().expect("milliseconds")
    })
}
