//! nginx in front of a server on a unix socket.
use crate::support::process::Mark;
use crate::support::wait_for;
use lameduck::load::Tally;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What nginx logs when it comes in the instant in which the server has removed its path and it is not back yet, or after
/// the end. It answers 502, and has passed on nothing.
const NOBODY_THERE: [&str; 2] = ["failed (2: No such file or directory)", "failed (111: Connection refused)"];

/// Whether it can be had.
///
/// # Errors
/// With what is missing.
pub fn needs() -> Result<(), String> {
    let nginx = Command::new("nginx").arg("-v").stderr(Stdio::null()).status();
    nginx.map(drop).map_err(|_| "nginx is not on PATH: install it (Debian: nginx-light)".to_owned())
}

/// A running nginx.
pub struct Nginx {
    process: Child,
    log: PathBuf,
    mark: Mark,
}

impl Nginx {
    /// Passes what comes to `port` on as `location` says, which names the upstream `app`: the server at this path. `keep`:
    /// more of that upstream. Its files are in `place`.
    pub fn start(place: &Path, upstream: &Path, keep: &str, location: &str, port: u16) -> Self {
        let log = place.join("error.log");
        let (place, upstream) = (place.display(), upstream.display());
        let configuration = format!(
            "daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log info;\n\
            events {{ worker_connections 4096; }}\n\
            http {{ access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;\n\
            fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
            upstream app {{ server unix:{upstream} max_fails=0; {keep} }}\n\
            server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }} }}\n"
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
        Self { process, log, mark }
    }

    /// Stops it; gives how often nobody was there, and what else it has logged of the server.
    pub fn stop(mut self) -> (u64, Vec<String>) {
        drop(self.mark);
        self.process.wait().expect("our own child");
        let log = fs::read_to_string(self.log).expect("nginx's log");
        let failed = log.lines().filter(|line| line.contains("upstream")).map(str::to_owned);
        let (nobody_there, others): (Vec<String>, Vec<String>) =
            failed.partition(|line| NOBODY_THERE.iter().any(|known| line.contains(known)));
        (nobody_there.len() as u64, others)
    }

    /// Stops it after a drain under load. Whatever it could not say for itself lameduck has answered; nothing that it passed
    /// on was lost.
    pub fn has_lost_nobody(self, tally: &Tally) {
        let (nobody_there, others) = self.stop();
        println!("nobody there {nobody_there} times: {tally:?}");
        assert_eq!(others, [""; 0]);
        assert_eq!((tally.lost, tally.other_answers), (0, nobody_there), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "{tally:?}");
    }
}
