//! Multipath TCP: what Go servers listen with since Go 1.24. Its listener is found, seen and gated as any other.
use super::scene::{become_queued, close, form, queued, until};
use lameduck::sockets::Whose;
use lameduck::sockets::diag::SockDiag;
use lameduck::sockets::discovery::discover;
use libtest_mimic::Completion;
use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, ipproto, listen, socket_with};
use rustix::process::getppid;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

pub fn trial() -> Completion {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = match socket_with(AddressFamily::INET6, SocketType::STREAM, flags, Some(ipproto::MPTCP)) {
        Ok(socket) => socket,
        // Not built in, or net.mptcp.enabled is 0.
        Err(error @ (Errno::PROTONOSUPPORT | Errno::NOPROTOOPT)) => {
            return Completion::ignored_with(format!("needs a kernel with MPTCP: {error}"));
        }
        Err(error) => panic!("{error}"),
    };
    set_socket_reuseaddr(&socket, true).unwrap();
    bind(&socket, &"[::]:0".parse::<SocketAddr>().unwrap()).unwrap();
    listen(&socket, 16).unwrap();
    let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();

    let mut diag = SockDiag::open().unwrap();
    let found =
        discover(Some(&mut diag), &Whose::Below(getppid().unwrap()), &[address.port()]).unwrap().listeners;
    assert_eq!(found.iter().filter_map(|found| found.address.tcp()).collect::<Vec<_>>(), [address]);
    assert_eq!(found[0].inode, fstat(&socket).unwrap().st_ino);
    let connect = || TcpStream::connect(("127.0.0.1", address.port())).unwrap();
    let _early = connect();
    until(|| queued(&socket) == 1);
    assert_eq!(diag.listener(address, found[0].inode).unwrap(), Some((1, Some(16))));

    let sockets = [Arc::new(socket)];
    let group = form(&sockets, address);
    close(&group);
    let _late = connect();
    become_queued(&sockets, group.ours(), (1, 1));
    Completion::Completed
}
