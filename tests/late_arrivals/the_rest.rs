//! The rest, taken out of a listener that the server accepts from as well.
use crate::scene::{GET, PATIENT, address, ends, hear, listener, until};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::net::shutdown;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

#[test]
fn the_rest_is_taken_in_competition_with_the_server_and_nobody_is_lost_or_served_twice() {
    const CLIENTS: u64 = 400;
    for nonblocking in [true, false] {
        let mut desk = Desk::open(Settings::answering(PATIENT)).unwrap();
        let listener = Arc::new(listener(nonblocking));
        let flags = fcntl_getfl(&listener).unwrap();
        assert_eq!(flags.contains(OFlags::NONBLOCK), nonblocking);
        let connect = || {
            let mut client = TcpStream::connect(address(&listener)).unwrap();
            client.write_all(GET).unwrap();
            client
        };
        let mut clients: Vec<TcpStream> = (0..CLIENTS / 2).map(|_| connect()).collect();
        let server = TcpListener::from(listener.try_clone().unwrap());
        let by_server = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&by_server);
        let serving = thread::spawn(move || {
            loop {
                match server.accept() {
                    Ok((mut accepted, _)) => {
                        accepted.set_nonblocking(false).unwrap();
                        accepted.read_exact(&mut [0; GET.len()]).unwrap();
                        accepted.write_all(b"served").unwrap();
                        count.fetch_add(1, SeqCst);
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => thread::yield_now(),
                    Err(error) => return error.raw_os_error(),
                }
            }
        });
        desk.take_the_rest(&listener).unwrap();
        clients.extend((0..CLIENTS / 2).map(|_| connect()));
        let heard: Vec<String> = clients.into_iter().map(hear).collect();
        let answered = heard.iter().filter(|heard| *heard == RESPONSE).count() as u64;
        let others = heard.iter().filter(|heard| *heard == "served").count() as u64;
        assert_eq!((answered + others, by_server.load(SeqCst)), (CLIENTS, others));
        ends(&desk, Kind::Rest, Served { answered, ..Served::default() });
        assert_eq!(fcntl_getfl(&listener).unwrap(), flags, "the server's flags are as they were");

        shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
        assert_eq!(serving.join().unwrap(), Some(libc::EINVAL));
        until(|| Arc::strong_count(&listener) == 1); // the taker has gone
        desk.close();
    }
}

#[test]
fn a_taker_whose_desk_is_closed_leaves_who_comes_to_others() {
    let mut desk = Desk::open(Settings::answering(PATIENT)).unwrap();
    let listener = Arc::new(listener(true));
    desk.take_the_rest(&listener).unwrap();
    desk.close();
    let mut client = TcpStream::connect(address(&listener)).unwrap();
    client.write_all(GET).unwrap();
    until(|| Arc::strong_count(&listener) == 1);
    let other = TcpListener::from(listener.try_clone().unwrap());
    let mut accepted = other.accept().unwrap().0;
    accepted.read_exact(&mut [0; GET.len()]).unwrap();
    accepted.write_all(b"served").unwrap();
    drop(accepted);
    assert_eq!(hear(client), "served");
}
