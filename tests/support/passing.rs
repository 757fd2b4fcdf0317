//! Connections as lameduck makes them to get past its gate: from the address that they go to, of its traffic class.
use lameduck::sockets::gate::PASSAGE_CLASS;
use std::net::{IpAddr, SocketAddr, TcpStream};
use tokio::net::TcpSocket;

/// One of lameduck's class from this address; `None`: it was refused.
pub fn pass(from: IpAddr, to: SocketAddr) -> Option<TcpStream> {
    connect(from, to, PASSAGE_CLASS)
}

/// One of no class.
pub fn come(from: IpAddr, to: SocketAddr) -> Option<TcpStream> {
    connect(from, to, 0)
}

fn connect(from: IpAddr, to: SocketAddr, class: u8) -> Option<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _entered = runtime.enter();
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
    if to.is_ipv4() { socket.set_tos_v4(class.into()) } else { socket.set_tclass_v6(class.into()) }.unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    match runtime.block_on(socket.connect(to)) {
        Ok(stream) => Some(stream.into_std().unwrap()),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => None,
        Err(error) => panic!("{to}: {error}"),
    }
}
