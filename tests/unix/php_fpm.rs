//! PHP-FPM on a unix socket behind nginx, by FastCGI, as a container runs it: `php-fpm -F` as lameduck's server, QUIT as its
//! graceful stop.
use crate::nginx::{self, Nginx};
use crate::runs;
use crate::scene::Place;
use crate::support::load::{Result, plan, until_gone};
use crate::support::ports::free_port;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python};
use lameduck::sockets::UnixName;
use libtest_mimic::Trial;
use rustix::process::geteuid;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Four children, 20 ms a request and one in 25 half a second: 39 ms each.
const CHILDREN: u32 = 4;
const RATE: f64 = 160.0;
const BACKLOG: usize = 60;

pub fn trials() -> Vec<Trial> {
    let needs = nginx::needs().and_then(|()| {
        program().map(drop).ok_or_else(|| "no php-fpm in /usr/sbin: install it (Debian: php-fpm)".to_owned())
    });
    vec![
        trial("php_fpm_behind_nginx_loses_nobody", &needs, loses_nobody),
        trial("a_plain_quit_of_php_fpm_behind_nginx_loses_some", &needs, a_plain_quit_loses_some),
    ]
}

/// Debian has its version in its name.
fn program() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/sbin").ok()?.flatten();
    installed.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("/php-fpm"))
}

/// A server at this path, and nginx in front of it.
fn server(place: &Place, path: &Path) -> Builder {
    let user = if geteuid().is_root() { "user = nobody\ngroup = nogroup\n" } else { "" };
    let configuration = format!(
        "[global]\nerror_log = /dev/stderr\n[www]\nlisten = {}\nlisten.mode = 0666\n{user}\
        pm = static\npm.max_children = {CHILDREN}\n",
        path.display()
    );
    let file = place.path().join("fpm.conf");
    fs::write(&file, configuration).expect("our own directory");
    let program = program().expect("the trial needs it");
    Builder::at(UnixName::Path(path.into()).into(), program, ["-F", "--fpm-config", file.to_str().unwrap()])
}

/// Stops it under load that comes by nginx.
fn stopped(server: Builder, front: &Path, path: &Path, signal: i32) -> (Result, Nginx, String) {
    let mut server: Server = server.start_when(|_| UnixStream::connect(path).is_ok());
    let port = free_port();
    let pass = format!(
        "include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME {}/index.php; fastcgi_pass app;",
        python::SERVERS
    );
    let nginx = Nginx::start(front, path, "", &pass, port);
    let mut plan = plan(&server, RATE);
    plan.target = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into();
    plan.client_timeout = PATIENCE;
    let result = until_gone(&mut server, plan, BACKLOG, |server| server.signal(signal));
    (result, nginx, server.log())
}

fn loses_nobody() {
    for _ in 0..runs() {
        let (place, front) = (Place::new(), tempfile::tempdir().expect("a temporary directory"));
        let path = place.socket(60);
        let server = server(&place, &path).under_lameduck(&["--forward-signal", "TERM=QUIT"]);
        let (result, nginx, log) = stopped(server, front.path(), &path, libc::SIGTERM);
        nginx.has_lost_nobody(&result.tally);
        assert_eq!(result.status.code(), Some(0), "{log}");
        assert!(log.contains("outcome=drained") && log.contains("gate=divert"), "{log}");
        assert_eq!(place.names(), ["fpm.conf"]);
    }
}

fn a_plain_quit_loses_some() {
    let (place, front) = (Place::new(), tempfile::tempdir().expect("a temporary directory"));
    let path = place.socket(60);
    let (result, nginx, log) = stopped(server(&place, &path), front.path(), &path, libc::SIGQUIT);
    let (nobody_there, others) = nginx.stop();
    assert!(!others.is_empty(), "{log}");
    assert!(result.tally.other_answers + result.tally.lost > nobody_there, "{:?}", result.tally);
}
