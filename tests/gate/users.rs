//! Only sockets of one user form a group: a listener that the server made as another user than lameduck.
use super::scene::{become_queued, close, reach, server};
use lameduck::sockets::gate::Group;
use libtest_mimic::Completion;
use nix::unistd::{Uid, setfsuid};
use rustix::fs::fstat;
use rustix::process::geteuid;
use std::net::TcpStream;
use std::thread;

const NOBODY: u32 = 65534;

pub fn trial() -> Completion {
    if !geteuid().is_root() {
        return Completion::ignored_with("needs root, to make a listener of another user");
    }
    for (address, members) in [("127.0.0.1:0", 1), ("[::]:0", 3)] {
        // The file system user is a thread's own.
        let (sockets, address) = thread::spawn(move || {
            setfsuid(Uid::from_raw(NOBODY));
            server(address, false, members)
        })
        .join()
        .unwrap();
        assert!(sockets.iter().all(|socket| fstat(socket).unwrap().st_uid == NOBODY));
        let mut strays = Vec::new();
        let error = Group::form(sockets.clone(), address, 0, &mut strays).unwrap_err();
        assert!(error.to_string().contains("Address already in use"), "as ourselves: {error}");

        let group = Group::form(sockets.clone(), address, NOBODY, &mut strays).unwrap();
        assert_eq!(setfsuid(Uid::from_raw(u32::MAX)), Uid::from_raw(0), "we are ourselves again");
        close(&group);
        let _late = TcpStream::connect(reach(address, "127.0.0.1")).unwrap();
        become_queued(&sockets, group.ours(), (0, 1));
        assert_eq!(strays.len(), 0);
    }
    Completion::Completed
}
