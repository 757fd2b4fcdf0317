//! What the kernel begins to refuse in the middle, or refuses only to the gate: the drain ends all the same, and says so.
use crate::crash::stop_and_wait_for_the_gate;
use crate::faults::answers::{Lost, lose, of};
use crate::faults::later::refusing_once;
use crate::faults::refusing;
use crate::queued;
use crate::stop::KINDS;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::without_sock_diag::is_drained;
use libtest_mimic::Trial;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// The length of a question about TCP, bytes: `struct nlmsghdr` of linux/netlink.h and `struct inet_diag_req_v2` of
/// linux/inet_diag.h. Nothing else that is sent here has it.
const QUESTION: i32 = 16 + 56;
/// The length of `struct sockaddr_in`, bytes: a bind of IPv4, and none of netlink.
const IPV4_ADDRESS: i32 = 16;
const ATTACH: [(u8, i32); 2] = [(1, libc::SOL_SOCKET), (2, libc::SO_ATTACH_REUSEPORT_CBPF)];

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("sock_diag_refused_behind_the_gate_costs_nobody", || sock_diag_refused(libc::EPERM)),
        test("sock_diag_that_fails_behind_the_gate_costs_nobody", || sock_diag_refused(libc::ENOBUFS)),
        test("an_answer_of_sock_diag_that_never_comes_costs_nobody", an_answer_lost),
        test("where_the_gates_program_is_refused_who_is_queued_is_answered_and_it_is_said", || {
            refusing(libc::SYS_setsockopt, &ATTACH, libc::EPERM, || {
                no_gate("cannot attach a program", |server| server.signal(libc::SIGTERM));
            });
        }),
        test("where_a_second_bind_is_refused_who_is_queued_is_answered_and_it_is_said", || {
            let refused = AtomicBool::new(false);
            refusing_once(&refused, libc::SYS_bind, &[(2, IPV4_ADDRESS)], libc::EADDRINUSE, || {
                no_gate("cannot bind a second socket", |server| {
                    refused.store(true, SeqCst);
                    server.signal(libc::SIGTERM);
                });
            });
        }),
    ]
}

fn sock_diag_refused(errno: i32) {
    let refused = AtomicBool::new(false);
    refusing_once(&refused, libc::SYS_sendto, &[(2, QUESTION)], errno, || {
        let log = is_drained(&KINDS[0], "/proc/net/tcp", |server| {
            stop_and_wait_for_the_gate(server);
            refused.store(true, SeqCst);
        });
        assert_eq!(log.matches("sock_diag is refused here; using /proc/net/tcp").count(), 1, "{log}");
    });
}

fn an_answer_lost() {
    is_drained(&KINDS[0], "sock_diag", |server| {
        stop_and_wait_for_the_gate(server);
        let sockets = of(server.pid());
        assert!(!sockets.is_empty(), "it does not look");
        for socket in sockets {
            lose(socket, Lost::All);
        }
    });
}

fn no_gate(said: &str, stop: impl FnOnce(&Server)) {
    let mut server = KINDS[0].gunicorn().under_lameduck(&[]).start();
    queued::are_answered(&mut server, stop);
    let log = server.log();
    assert!(log.contains("no gate") && log.contains(said), "{log}");
    assert!(log.contains("outcome=drained gate=none"), "{log}");
}
