//! nginx in front of gunicorn on a unix socket, as in many a pod: nginx goes on, gunicorn is stopped under load.
use crate::runs;
use crate::scene::{KINDS, Place};
use crate::support::load::until_gone;
use crate::support::ports::free_port;
use crate::support::process::Mark;
use crate::support::trial::trial;
use crate::support::{PATIENCE, load, wait_for};
use libtest_mimic::Trial;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What nginx logs when it comes in the instant in which gunicorn has removed its path and it is not back yet, or after
/// the end. It answers 502, and has passed on nothing.
const NOBODY_THERE: [&str; 2] = ["failed (2: No such file or directory)", "failed (111: Connection refused)"];

pub fn trials() -> Vec<Trial> {
    let nginx = Command::new("nginx").arg("-v").stderr(Stdio::null()).status();
    let needs = match nginx {
        Ok(_) => Ok(()),
        Err(_) => Err("nginx is not on PATH: install it (Debian: nginx-light)".to_owned()),
    };
    vec![
        trial("nginx_on_new_connections_loses_nobody", &needs, || loses_nobody("")),
        trial("nginx_on_kept_alive_connections_loses_nobody", &needs, || loses_nobody("keepalive 16;")),
    ]
}

/// A running nginx.
struct Nginx {
    process: Child,
    mark: Mark,
}

impl Nginx {
    fn start(place: &Path, upstream: &Path, keep: &str, port: u16) -> Self {
        let (place, upstream) = (place.display(), upstream.display());
        let configuration = format!(
            "daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log info;\n\
            events {{ worker_connections 4096; }}\n\
            http {{ access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;\n\
            fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
            upstream app {{ server unix:{upstream} max_fails=0; {keep} }}\n\
            server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app;\n\
            proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }} }}\n"
        );
        let file = format!("{place}/nginx.conf");
        fs::write(&file, configuration).expect("our own directory");
        let mark = Mark::new();
        let process = Command::new("nginx")
            .args(["-c", &file, "-e", &format!("{place}/error.log")])
            .env(Mark::NAME, mark.value())
            .spawn()
            .expect("nginx");
        wait_for("nginx", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        Self { process, mark }
    }

    fn stop(mut self) {
        drop(self.mark);
        self.process.wait().expect("our own child");
    }
}

fn loses_nobody(keep: &str) {
    for _ in 0..runs() {
        let (place, front) = (Place::new(), tempfile::tempdir().expect("a temporary directory"));
        let path = place.socket(60);
        let port = free_port();
        let mut server = KINDS[1].gunicorn(&path).under_lameduck(&[]).start();
        let nginx = Nginx::start(front.path(), &path, keep, port);
        let mut plan = load::plan(&server, KINDS[1].rate);
        plan.target = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into();
        plan.client_timeout = PATIENCE;
        let result = until_gone(&mut server, plan, KINDS[1].backlog, |server| server.signal(libc::SIGTERM));
        nginx.stop();
        let tally = result.tally;
        println!("{tally:?}");
        let log = fs::read_to_string(front.path().join("error.log")).expect("nginx's log");
        let failed = log.lines().filter(|line| line.contains("upstream"));
        let (nobody_there, others): (Vec<&str>, Vec<&str>) =
            failed.partition(|line| NOBODY_THERE.iter().any(|known| line.contains(known)));
        // Whatever nginx could not say for itself, lameduck has answered; nothing that it passed on was lost.
        assert_eq!(others, [""; 0]);
        assert_eq!((tally.lost, tally.other_answers), (0, nobody_there.len() as u64), "{tally:?}");
        assert!(tally.answered_late > 0, "{tally:?}");
        assert_eq!(result.status.code(), Some(0));
    }
}
