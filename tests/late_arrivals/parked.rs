//! A connection that the server has too, with its mark up.
use crate::scene::until;
use lameduck::late_arrivals::Desk;
use lameduck::sockets::mark::RAISED;
use lameduck::sockets::sys::set_receive_low_water_mark;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::net::{RecvFlags, recv};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;

/// A connection between a client and a server that is parked.
pub struct Parked {
    pub client: TcpStream,
    pub server: OwnedFd,
    pub flags: OFlags,
}

impl Parked {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nodelay(true).unwrap();
        let server = listener.accept().unwrap().0;
        server.set_nonblocking(true).unwrap();
        // From now on nothing below it wakes whoever polls, or satisfies whoever reads with blocking.
        set_receive_low_water_mark(&server, RAISED).unwrap();
        let server = OwnedFd::from(server);
        let flags = fcntl_getfl(&server).unwrap();
        Self { client, server, flags }
    }

    /// The client sends this, it is taken from the server, and handed to the desk.
    #[track_caller]
    pub fn request(&self, desk: &Desk, bytes: &[u8]) {
        (&self.client).write_all(bytes).unwrap();
        let mut taken = vec![0; bytes.len()];
        let mut length = 0;
        until(|| {
            length += recv(&self.server, &mut taken[length..], RecvFlags::DONTWAIT).map_or(0, |got| got.0);
            length == bytes.len()
        });
        desk.serve_late_request(self.server.try_clone().unwrap(), taken);
    }

    /// The client's end of it, after the server was seen to wait for nothing but its end. A reset is an end as well.
    #[track_caller]
    pub fn server_sees_the_end_and_never_a_byte(self) -> TcpStream {
        let mut ready = [PollFd::new(&self.server, PollFlags::IN)];
        let bound = Timespec { tv_sec: 60, tv_nsec: 0 };
        assert_eq!(poll(&mut ready, Some(&bound)), Ok(1), "the server never saw an end");
        let read = recv(&self.server, &mut [0; 64], RecvFlags::DONTWAIT);
        assert!(matches!(read, Ok((0, _)) | Err(rustix::io::Errno::CONNRESET)), "{read:?}");
        assert_eq!(fcntl_getfl(&self.server).unwrap(), self.flags, "its flags are as they were");
        self.client
    }
}
