//! lameduck inside of namespaces that another program has made for it: that one's process id is not lameduck's.
use crate::support::process::{self, field};
use crate::support::server::Server;

/// lameduck's process id, as we see it.
pub fn lameducks(server: &Server) -> u32 {
    let is_lameduck = |pid: &u32| field(*pid, "Name").as_deref() == Some("lameduck");
    server.processes().into_iter().find(is_lameduck).expect("a lameduck")
}

/// Tells it to stop.
pub fn signal_lameduck(server: &Server) {
    process::kill(lameducks(server), libc::SIGTERM);
}
