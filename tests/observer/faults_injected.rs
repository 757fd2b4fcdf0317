//! Sources that are refused, by the kernel's own refusal.
use super::faults::refusing;
use super::scene::*;
use lameduck::sockets::{Look, duplicate};
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Runs `body` and gives the lines that it logged.
fn logged(body: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    tracing::subscriber::with_default(subscriber, body);
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

/// A seccomp profile (EPERM), SELinux (EACCES), gVisor or a kernel without the module (EPROTONOSUPPORT), CRI-O
/// (ENOSYS).
#[test]
fn where_netlink_is_refused_queues_and_unread_bytes_are_seen_in_proc_and_one_warning_says_so() {
    for errno in [libc::EPERM, libc::EACCES, libc::EPROTONOSUPPORT, libc::ENOSYS] {
        refusing(libc::SYS_socket, &[(0, libc::AF_NETLINK)], errno, || {
            let lines = logged(|| {
                let mut scene = Scene::new();
                assert_eq!(scene.observer.source(), "/proc/net/tcp");
                let unknown = Look { in_flight: None, silent: None, idle: None, ..NOTHING };
                scene.sees(unknown);
                let (client, server) = scene.accepted();
                say(&client, b"r");
                scene.comes_to_see(Look { unread: Some(1), ..unknown });
                let _queued = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
                scene.comes_to_see(Look { unread: Some(1), queue: Some(1), ..unknown });
                assert_eq!(scene.observer.queue(), (Some(1), None));
                hear(&server, 1);
                scene.comes_to_see(Look { queue: Some(1), ..unknown });
            });
            assert_eq!(lines.len(), 1, "{lines:#?}");
            assert!(lines[0].contains("sock_diag is refused here; using /proc/net/tcp"), "{}", lines[0]);
        });
    }
}

#[test]
fn where_netlink_fails_later_the_same_look_is_answered_from_proc() {
    let mut scene = Scene::new();
    let _queued = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(QUEUED);
    refusing(libc::SYS_sendto, &[], libc::EPERM, move || {
        let lines = logged(|| {
            let unknown = Look { in_flight: None, silent: None, idle: None, ..QUEUED };
            scene.sees(unknown);
            assert_eq!(scene.observer.source(), "/proc/net/tcp");
            scene.sees(unknown);
        });
        assert_eq!(lines.len(), 1, "{lines:#?}");
    });
}

#[test]
fn where_proc_is_refused_too_nothing_is_known_and_nothing_hangs() {
    let scene = Scene::new();
    refusing(libc::SYS_socket, &[], libc::EPERM, || {
        let lines = logged(|| {
            let mut observer = observer_of([&scene.server], false, AGES);
            assert_eq!(observer.source(), "nothing");
            assert_eq!(observer.look(), Look::default());
            assert_eq!(observer.queue(), (None, None));
            let mut held = observer_of([&scene.server], true, AGES);
            assert_eq!(held.queue().0, Some(0), "a duplicate needs neither");
        });
        assert!(lines.iter().all(|line| line.contains("the drain goes on without looking")), "{lines:#?}");
    });
}

#[test]
fn a_refused_pidfd_getfd_is_known_beforehand() {
    for errno in [libc::EPERM, libc::ENOSYS] {
        let error = refusing(libc::SYS_pidfd_getfd, &[], errno, duplicate::permitted).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno));
    }
    duplicate::permitted().unwrap();
}
