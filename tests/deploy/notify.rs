//! NOTIFY_SOCKET as any service manager sets it: what the server sends there, and that lameduck sends nothing.
use crate::support::server::Server;
use crate::support::{PATIENCE, trial::trial};
use libtest_mimic::Trial;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;

pub fn trials() -> Vec<Trial> {
    vec![trial("gunicorn_says_that_it_is_ready_where_notify_socket_says", &Ok(()), told)]
}

fn told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let gunicorn = Server::gunicorn("sync", &["--workers", "1"]).under_lameduck(&[]);
    let mut server = gunicorn.env("NOTIFY_SOCKET", path.to_str().expect("UTF-8")).start();
    let mut bytes = [0; 4096];
    let length = socket.recv(&mut bytes).expect("a message");
    assert_eq!(String::from_utf8_lossy(&bytes[..length]), "READY=1\nSTATUS=Gunicorn arbiter booted");
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    // All have ended: what is not there now never comes.
    socket.set_nonblocking(true).expect("a socket");
    let nothing = socket.recv(&mut bytes).expect_err("nothing else was sent");
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}
