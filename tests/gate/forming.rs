//! Who connects while a group forms, or is undone, is the server's: nobody comes to a socket of ours before the gate closes.
use super::groups::place;
use super::scene::{knock, server, until};
use lameduck::sockets::gate::{GateError, Group};
use rustix::net::{SocketFlags, accept_with, listen};
use rustix::process::{Resource, Rlimit, getrlimit, getuid, setrlimit};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// So many connect, ...
const CLIENTS: usize = 3000;
/// ... while a group forms and is undone so many times at least.
const LEAST_ROUNDS: usize = 300;

pub fn who_connects_while_a_group_forms_is_the_servers() {
    for members in [1, 3] {
        let form = |server: &[Arc<OwnedFd>], address, strays: &mut _| {
            Group::form(server.to_vec(), address, getuid().as_raw(), strays)
        };
        nobody_strays(members, form);
    }
}

pub fn who_connects_while_a_group_is_joined_is_the_servers() {
    let join =
        |server: &[Arc<OwnedFd>], address, strays: &mut _| Group::join(server.len(), place(address), strays);
    nobody_strays(3, join);
}

type Form = fn(&[Arc<OwnedFd>], SocketAddr, &mut Vec<OwnedFd>) -> Result<Group, GateError>;

fn nobody_strays(members: usize, form: Form) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let (sockets, address) = server("127.0.0.1:0", false, members);
    // All of them fit: a queue that is full drops SYNs, too.
    for socket in &sockets {
        listen(&**socket, i32::try_from(CLIENTS).unwrap()).unwrap();
    }
    let over = AtomicBool::new(false);
    let accept = || {
        let take = |socket: &Arc<OwnedFd>| accept_with(&**socket, SocketFlags::CLOEXEC).is_ok();
        sockets.iter().filter(|socket| take(socket)).count()
    };
    let (clients, mut served, strays, missed) = thread::scope(|scope| {
        let connecting = scope.spawn(|| {
            let knock_at_times = |_| {
                // A round takes longer than a client.
                thread::sleep(Duration::from_micros(50));
                knock(address)
            };
            (0..CLIENTS).map(knock_at_times).collect::<Vec<_>>()
        });
        let serving = scope.spawn(|| {
            let mut served = 0;
            while !over.load(SeqCst) {
                served += accept();
            }
            served
        });
        let (mut strays, mut rounds, mut missed) = (Vec::new(), 0, 0);
        while rounds < LEAST_ROUNDS || !connecting.is_finished() {
            let group = form(&sockets, address, &mut strays).unwrap();
            missed += usize::from(group.missed().is_some());
            strays.extend(group.undo());
            rounds += 1;
        }
        over.store(true, SeqCst);
        (connecting.join().unwrap(), serving.join().unwrap(), strays.len(), missed)
    });
    assert_eq!(strays, 0, "of {} clients", clients.len());
    assert!(missed > 0, "nobody connected in such an instant");
    until(|| {
        served += accept();
        served == clients.len()
    });
    let group = form(&sockets, address, &mut Vec::new()).unwrap();
    assert_eq!(group.missed(), None, "of nobody");
}
