//! A sidecar beside a server, and calls as the kubelet makes them.
use crate::support::ports::free_port;
use crate::support::process::Mark;
use crate::support::server::Server;
use crate::support::{PATIENCE, process, wait_for, without_settings};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A sidecar that runs.
pub struct Sidecar {
    process: Child,
    http: SocketAddr,
    log: PathBuf,
    mark: Mark,
}

impl Sidecar {
    /// Beside the server at this port.
    pub fn start(port: u16, options: &[&str]) -> Self {
        Self::under(&["env"], port, options)
    }

    /// The same under another program, such as `setpriv`.
    pub fn under(wrapper: &[&str], port: u16, options: &[&str]) -> Self {
        let (mark, http) = (Mark::new(), SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sidecar-{}.log", mark.value()));
        let output = File::options().create(true).append(true).open(&log).expect("a log file under target/");
        let mut command = without_settings(Command::new(wrapper[0]));
        command.args(&wrapper[1..]).arg(env!("CARGO_BIN_EXE_lameduck"));
        command.args(["sidecar", "--port", &port.to_string(), "--http", &http.to_string()]).args(options);
        command.env("LAMEDUCK_TIMEOUT", "50s").env(Mark::NAME, mark.value()).stdin(Stdio::null());
        let process = command.stdout(Stdio::null()).stderr(output).spawn().expect("lameduck");
        let sidecar = Self { process, http, log, mark };
        wait_for("the sidecar", || TcpStream::connect(http).ok());
        sidecar
    }

    pub fn beside(server: &Server, options: &[&str]) -> Self {
        Self::start(server.address().port(), options)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.http
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A call, begun: what is read from it is the answer.
    pub fn call(&self, path: &str, headers: &str) -> TcpStream {
        let mut call = TcpStream::connect(self.http).expect("the sidecar");
        call.set_read_timeout(Some(PATIENCE * 2)).expect("a limit");
        write!(call, "GET {path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n{headers}\r\n")
            .expect("a request");
        call
    }

    /// Its status and its body; 0: there was no answer.
    pub fn get(&self, path: &str) -> (u16, String) {
        answer(self.call(path, ""))
    }

    /// Stops it; gives its exit status.
    pub fn stop(mut self) -> Option<i32> {
        let is_lameduck = |pid: &u32| process::field(*pid, "Name").as_deref() == Some("lameduck");
        let lameduck = self.mark.processes().into_iter().find(is_lameduck).expect("the sidecar");
        process::kill(lameduck, libc::SIGTERM);
        crate::support::end_of(&mut self.process).code()
    }
}

/// Waits for the answer.
pub fn answer(mut call: TcpStream) -> (u16, String) {
    let mut answer = String::new();
    // One that is refused may end by a reset.
    let _ = call.read_to_string(&mut answer);
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return (0, answer) };
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}
