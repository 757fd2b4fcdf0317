//! nginx in front of gunicorn on a unix socket, as in many a pod: nginx goes on, gunicorn is stopped under load.
use crate::nginx::{Nginx, needs};
use crate::runs;
use crate::scene::{KINDS, Place};
use crate::support::load::until_gone;
use crate::support::ports::free_port;
use crate::support::trial::trial;
use crate::support::{PATIENCE, load};
use libtest_mimic::Trial;
use std::net::{Ipv4Addr, SocketAddr};

/// By HTTP/1.1, so that connections can be kept alive.
const PASS: &str = "proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection \"\";";

pub fn trials() -> Vec<Trial> {
    let needs = needs();
    vec![
        trial("nginx_on_new_connections_loses_nobody", &needs, || loses_nobody("")),
        trial("nginx_on_kept_alive_connections_loses_nobody", &needs, || loses_nobody("keepalive 16;")),
    ]
}

fn loses_nobody(keep: &str) {
    for _ in 0..runs() {
        let (place, front) = (Place::new(), tempfile::tempdir().expect("a temporary directory"));
        let path = place.socket(60);
        let port = free_port();
        let mut server = KINDS[1].gunicorn(&path).under_lameduck(&[]).start();
        let nginx = Nginx::start(front.path(), &path, keep, PASS, port);
        let mut plan = load::plan(&server, KINDS[1].rate);
        plan.target = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into();
        plan.client_timeout = PATIENCE;
        let result = until_gone(&mut server, plan, KINDS[1].backlog, |server| server.signal(libc::SIGTERM));
        nginx.has_lost_nobody(&result.tally);
        assert_eq!(result.status.code(), Some(0));
    }
}
