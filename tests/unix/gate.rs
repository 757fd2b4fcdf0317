//! The gate itself, on sockets of this process: who comes where, and what the path is before, meanwhile and after.
use crate::scene::Place;
use crate::support::trial::trial;
use crate::support::wait_for;
use lameduck::sockets::gate::PathGate;
use lameduck::sockets::processes::Holder;
use lameduck::sockets::{Listener, unix};
use libtest_mimic::Trial;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, accept, bind, listen, socket};
use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("who_comes_after_the_close_comes_to_us", &Ok(()), comes_to_us),
        trial("owner_group_and_mode_are_the_servers", &Ok(()), owner_and_mode),
        trial("whoever_waits_for_room_in_a_full_queue_moves_to_our_socket", &Ok(()), moves),
        trial("a_path_that_is_removed_comes_back_only_when_it_is_kept", &Ok(()), is_put_back),
        trial("a_server_that_listens_anew_keeps_its_path", &Ok(()), listens_anew),
        trial("what_is_undone_was_never_there", &Ok(()), undone),
        trial("the_last_in_the_queue_can_be_accepted_when_it_is_shut", &Ok(()), shut),
        trial("another_servers_file_is_not_taken", &Ok(()), another_file),
        trial("a_listener_of_the_servers_own_processes_is_left_alone", &Ok(()), internal),
    ]
}

/// A server's socket at a path.
struct Served {
    socket: OwnedFd,
    listener: Listener,
}

fn serve(path: &Path, backlog: i32) -> Served {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
    listen(&socket, backlog).unwrap();
    let listener = Listener::of(&socket).unwrap();
    Served { socket, listener }
}

fn form(served: &Served) -> PathGate {
    PathGate::form(&served.listener, &HashSet::new()).unwrap()
}

fn queues(served: &Served, gate: &PathGate) -> (Option<u32>, Option<u32>) {
    (unix::queue_of(&served.socket), unix::queue_of(gate.ours()))
}

fn comes_to_us() {
    let place = Place::new();
    let path = place.socket(60);
    let served = serve(&path, 10);
    let _queued = UnixStream::connect(&path).unwrap();
    let mut gate = form(&served);
    let _before = UnixStream::connect(&path).unwrap();
    assert_eq!(queues(&served, &gate), (Some(2), Some(0)));
    gate.close().unwrap();
    let _late = UnixStream::connect(&path).unwrap();
    assert_eq!(queues(&served, &gate), (Some(2), Some(1)));
}

fn owner_and_mode() {
    let place = Place::new();
    let path = place.socket(107);
    assert_eq!(path.as_os_str().len(), 107);
    let served = serve(&path, 10);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(65534), Some(12)).unwrap();
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
    let like = || {
        let stat = fs::symlink_metadata(&path).unwrap();
        (stat.uid(), stat.gid(), stat.mode())
    };
    let (before, file) = (like(), fs::symlink_metadata(&path).unwrap().ino());
    let mut gate = form(&served);
    gate.close().unwrap();
    assert_eq!(like(), before);
    assert_ne!(fs::symlink_metadata(&path).unwrap().ino(), file, "it is our file");
    gate.shut();
    assert_eq!(like(), before);
    assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), file, "it is the server's file again");
    assert_eq!(place.names().len(), 1);
}

fn moves() {
    let place = Place::new();
    let path = place.socket(60);
    // A backlog of 0 holds one.
    let served = serve(&path, 0);
    let _full = UnixStream::connect(&path).unwrap();
    let waits = path.clone();
    let waiting = thread::spawn(move || UnixStream::connect(waits).unwrap());
    let task = wait_for("a client that sleeps in connect(2)", || {
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        tasks.flatten().find(|task| {
            let syscall = fs::read_to_string(task.path().join("wchan")).unwrap_or_default();
            syscall.starts_with("unix_wait_for_peer")
        })
    });
    let mut gate = form(&served);
    gate.close().unwrap();
    assert_eq!(queues(&served, &gate), (Some(1), Some(0)));
    drop(accept(&served.socket).unwrap());
    drop((waiting.join().unwrap(), task));
    assert_eq!(queues(&served, &gate), (Some(0), Some(1)));
}

fn is_put_back() {
    let place = Place::new();
    let path = place.socket(60);
    let served = serve(&path, 10);
    let mut gate = form(&served);
    gate.close().unwrap();
    fs::remove_file(&path).unwrap();
    gate.keep();
    wait_for("the path", || UnixStream::connect(&path).ok());
    for _ in 0..20 {
        fs::remove_file(&path).unwrap();
        wait_for("the path", || path.exists().then_some(()));
    }
    assert_eq!(queues(&served, &gate), (Some(0), Some(1)));
    gate.shut();
    assert_eq!(place.names(), [""; 0], "the server has removed it");
}

fn listens_anew() {
    let place = Place::new();
    let path = place.socket(60);
    let served = serve(&path, 10);
    let mut gate = form(&served);
    gate.close().unwrap();
    fs::remove_file(&path).unwrap();
    // A server that begins anew does so before it is told to stop: nothing is in its way.
    let anew = serve(&path, 10);
    gate.keep();
    drop(UnixStream::connect(&path).unwrap());
    gate.shut();
    drop(UnixStream::connect(&path).unwrap());
    assert_eq!(unix::queue_of(&anew.socket), Some(2));
    assert_eq!(place.names().len(), 1);
}

fn undone() {
    let place = Place::new();
    let path = place.socket(60);
    let served = serve(&path, 10);
    let mut gate = form(&served);
    gate.close().unwrap();
    let _late = UnixStream::connect(&path).unwrap();
    assert_eq!(gate.undo().len(), 1);
    let _server_s = UnixStream::connect(&path).unwrap();
    assert_eq!(unix::queue_of(&served.socket), Some(1));
    drop(form(&served));
    assert_eq!(place.names().len(), 1, "what was only formed leaves nothing");
}

fn shut() {
    let place = Place::new();
    let path = place.socket(60);
    let served = serve(&path, 10);
    let mut last = UnixStream::connect(&path).unwrap();
    unix::shut(&served.socket);
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(unix::queue_of(&served.socket), Some(1));
    let accepted = accept(&served.socket).unwrap();
    rustix::io::write(&accepted, b"hello").unwrap();
    let mut said = [0; 5];
    last.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"hello");
    assert!(accept(&served.socket).is_err());
}

fn another_file() {
    let place = Place::new();
    let path = place.socket(60);
    let served = serve(&path, 10);
    fs::remove_file(&path).unwrap();
    let another = UnixListener::bind(&path).unwrap();
    let error = PathGate::form(&served.listener, &HashSet::new()).unwrap_err();
    assert!(error.to_string().starts_with("cannot find the file of unix:/"), "{error}");
    assert_eq!(place.names().len(), 1);
    drop(another);
}

fn internal() {
    let place = Place::new();
    let path = place.socket(60);
    let mut served = serve(&path, 10);
    let us = rustix::process::getpid();
    served.listener.holders.push(Holder { pid: us, fd: 0 });
    let client = UnixStream::connect(&path).unwrap();
    let accepted = accept(&served.socket).unwrap();
    let error = PathGate::form(&served.listener, &HashSet::from([us])).unwrap_err();
    assert!(error.to_string().contains("talk to each other"), "{error}");
    drop((client, accepted));
    PathGate::form(&served.listener, &HashSet::from([us])).unwrap();
}
