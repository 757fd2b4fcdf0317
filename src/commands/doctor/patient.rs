//! A process of ours that stands for the server: it holds a listener until it is let go.
use crate::sockets::{Listener, listen};
use nix::unistd::geteuid;
use rustix::process::Pid;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};

/// Nobody, as every distribution has it.
pub const NOBODY: u32 = 65534;

/// It ends when this is dropped.
#[derive(Debug)]
pub struct Patient {
    process: Child,
    /// What it holds, and we do not.
    pub inode: u64,
}

impl Patient {
    /// Starts it, as another user if that is asked for.
    ///
    /// # Errors
    /// When it cannot be started: /proc is not there, or users may not be changed (EPERM).
    pub fn start(uid: Option<u32>) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = listen::at(address).map_err(io::Error::other)?;
        let inode = Listener::of(&listener)?.inode;
        let mut command = Command::new("/proc/self/exe");
        command.args(["doctor", "--patient"]).stdin(Stdio::piped()).stdout(Stdio::from(listener));
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        let process = command.spawn()?;
        Ok(Self { process, inode })
    }

    /// Its process number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What it does.
pub fn main() -> ExitCode {
    // Whatever this gives, it is the end.
    let _ = io::stdin().read(&mut [0]);
    ExitCode::SUCCESS
}

/// Whether processes of another user can be made at all.
pub fn can_be_another_user() -> bool {
    geteuid().is_root()
}
