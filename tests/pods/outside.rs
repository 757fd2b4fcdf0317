//! Clients outside of the cluster: this machine; or, where the test itself is in the node's own network, a network namespace
//! beside it. kube-proxy takes neither a pod nor the node for somebody from outside.
use super::cluster::kubectl;
use super::support::namespaces::unshare;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Addresses that nobody has (RFC 5737, TEST-NET-1): the node's end and the other.
const ENDS: [&str; 2] = ["192.0.2.1", "192.0.2.2"];

/// The kubelet's port: somebody answers there, whoever it is.
const KUBELET: u16 = 10250;

/// A place outside of the cluster.
#[derive(Debug)]
pub struct Outside {
    /// Holds the network namespace, until it is dropped; `None`: this machine is outside.
    holder: Option<Child>,
}

impl Outside {
    /// Whether clients can be had outside.
    ///
    /// # Errors
    /// With what is missing.
    pub fn needs() -> Result<(), String> {
        let program = program();
        if !program.exists() {
            return Err(format!("{}: cargo build --example load", program.display()));
        }
        // As that of some laptops, which have their nodes in a virtual machine.
        let address = "jsonpath={.items[0].status.addresses[?(@.type==\"InternalIP\")].address}";
        let output = kubectl().args(["get", "nodes", "--output", address]).output();
        let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let node = said.ok().and_then(|said| said.parse().ok()).ok_or("no node has an InternalIP")?;
        match TcpStream::connect_timeout(&SocketAddr::new(node, KUBELET), Duration::from_secs(5)) {
            Err(error) if error.kind() != ErrorKind::ConnectionRefused => {
                Err(format!("the node's address {node} is out of this machine's reach: {error}"))
            }
            _ => Ok(()),
        }
    }

    /// A place from which this node is seen.
    pub fn of(node: IpAddr) -> Self {
        let is_ours = UdpSocket::bind((node, 0)).is_ok();
        Self { holder: is_ours.then(beside) }
    }

    /// The load program, there.
    pub fn load(&self) -> Command {
        match &self.holder {
            None => Command::new(program()),
            Some(holder) => inside(holder, &program().to_string_lossy()),
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if let Some(holder) = &mut self.holder {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// Beside the test programs.
fn program() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().unwrap().with_file_name("examples").join("load")
}

/// A network namespace whose way out is the one that we are in.
fn beside() -> Child {
    // It ends with us, for then its input does.
    let mut holder = unshare(&["--net", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Once it answers it is there.
    holder.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    holder.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let pid = holder.id().to_string();
    let [near, far] = ENDS;
    let ip = |command: &mut Command, words: &str| {
        let status = command.args(words.split(' ')).status().unwrap();
        assert!(status.success(), "ip {words}");
    };
    let here = |words: &str| ip(&mut Command::new("ip"), words);
    let there = |words: &str| ip(&mut inside(&holder, "ip"), words);
    here(&format!("link add outside0 type veth peer name eth0 netns {pid}"));
    here(&format!("address add {near}/30 dev outside0"));
    here("link set outside0 up");
    there(&format!("address add {far}/30 dev eth0"));
    there("link set eth0 up");
    there(&format!("route add default via {near}"));
    holder
}

fn inside(holder: &Child, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &holder.id().to_string(), "--net", "--", program]);
    command
}
