//! The gate itself, on sockets of this process: who comes where, and what the path is before, meanwhile and after.
use crate::served::{Served, serve};
use crate::support::trial::trial;
use crate::support::wait_for;
use lameduck::sockets::gate::PathGate;
use lameduck::sockets::processes::Holder;
use lameduck::sockets::unix;
use libtest_mimic::Trial;
use rustix::net::accept;
use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
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

fn comes_to_us() {
    let served = Served::new();
    let _queued = served.connect();
    let mut gate = served.form();
    let _before = served.connect();
    assert_eq!(served.queues(&gate), (Some(2), Some(0)));
    gate.close().unwrap();
    let _late = served.connect();
    assert_eq!(served.queues(&gate), (Some(2), Some(1)));
}

fn owner_and_mode() {
    let served = Served::at(107, 10);
    assert_eq!(served.path.as_os_str().len(), 107);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&served.path, Some(65534), Some(12)).unwrap();
    }
    fs::set_permissions(&served.path, fs::Permissions::from_mode(0o620)).unwrap();
    let like = || {
        let stat = fs::symlink_metadata(&served.path).unwrap();
        (stat.uid(), stat.gid(), stat.mode())
    };
    let (before, file) = (like(), fs::symlink_metadata(&served.path).unwrap().ino());
    let mut gate = served.close();
    assert_eq!(like(), before);
    assert_ne!(fs::symlink_metadata(&served.path).unwrap().ino(), file, "it is our file");
    gate.shut();
    assert_eq!(like(), before);
    assert_eq!(fs::symlink_metadata(&served.path).unwrap().ino(), file, "it is the server's file again");
    assert_eq!(served.place.names().len(), 1);
}

fn moves() {
    // A backlog of 0 holds one.
    let served = Served::at(60, 0);
    let _full = served.connect();
    let waits = served.path.clone();
    let waiting = thread::spawn(move || UnixStream::connect(waits).unwrap());
    let task = wait_for("a client that sleeps in connect(2)", || {
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        tasks.flatten().find(|task| {
            let syscall = fs::read_to_string(task.path().join("wchan")).unwrap_or_default();
            syscall.starts_with("unix_wait_for_peer")
        })
    });
    let gate = served.close();
    assert_eq!(served.queues(&gate), (Some(1), Some(0)));
    drop(accept(&served.socket).unwrap());
    drop((waiting.join().unwrap(), task));
    assert_eq!(served.queues(&gate), (Some(0), Some(1)));
}

fn is_put_back() {
    let served = Served::new();
    let mut gate = served.close();
    fs::remove_file(&served.path).unwrap();
    gate.keep();
    wait_for("the path", || UnixStream::connect(&served.path).ok());
    for _ in 0..20 {
        fs::remove_file(&served.path).unwrap();
        wait_for("the path", || served.path.exists().then_some(()));
    }
    assert_eq!(served.queues(&gate), (Some(0), Some(1)));
    gate.shut();
    assert_eq!(served.place.names(), [""; 0], "the server has removed it");
}

fn listens_anew() {
    let served = Served::new();
    let mut gate = served.close();
    fs::remove_file(&served.path).unwrap();
    // A server that begins anew does so before it is told to stop: nothing is in its way.
    let (anew, _) = serve(&served.path, 10);
    gate.keep();
    drop(served.connect());
    gate.shut();
    drop(served.connect());
    assert_eq!(unix::queue_of(&anew), Some(2));
    assert_eq!(served.place.names().len(), 1);
}

fn undone() {
    let served = Served::new();
    let gate = served.close();
    let _late = served.connect();
    assert_eq!(gate.undo().len(), 1);
    let _server_s = served.connect();
    assert_eq!(unix::queue_of(&served.socket), Some(1));
    drop(served.form());
    assert_eq!(served.place.names().len(), 1, "what was only formed leaves nothing");
}

fn shut() {
    let served = Served::new();
    let mut last = served.connect();
    unix::shut(&served.socket);
    assert_eq!(UnixStream::connect(&served.path).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(unix::queue_of(&served.socket), Some(1));
    let accepted = accept(&served.socket).unwrap();
    rustix::io::write(&accepted, b"hello").unwrap();
    let mut said = [0; 5];
    last.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"hello");
    assert!(accept(&served.socket).is_err());
}

fn another_file() {
    let served = Served::new();
    fs::remove_file(&served.path).unwrap();
    let another = UnixListener::bind(&served.path).unwrap();
    let error = served.try_to_form().unwrap_err();
    assert!(error.to_string().starts_with("cannot find the file of unix:/"), "{error}");
    assert_eq!(served.place.names().len(), 1);
    drop(another);
}

fn internal() {
    let mut served = Served::new();
    let us = rustix::process::getpid();
    served.listener.holders.push(Holder { pid: us, fd: 0 });
    let client = served.connect();
    let accepted = accept(&served.socket).unwrap();
    let error = PathGate::form(&served.listener, &HashSet::from([us])).unwrap_err();
    assert!(error.to_string().contains("talk to each other"), "{error}");
    drop((client, accepted));
    PathGate::form(&served.listener, &HashSet::from([us])).unwrap();
}
