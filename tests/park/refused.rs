//! What park needs is refused, or scarce: duplicates at all, those of another user's processes, descriptors.
use crate::faults::refusing;
use crate::odd::Odd;
use crate::servers::{plan, stopped_under_load};
use crate::support::trial::trial;
use crate::talk::{ask, busy, get, hear, is_answered, is_at_its_end, kept_alive};
use libtest_mimic::Trial;
use rustix::process::{Pid, Resource, Rlimit, geteuid, prlimit};

const FEW_DESCRIPTORS: u64 = 64;
const MANY_CONNECTIONS: usize = 200;
/// Root without CAP_SYS_PTRACE, as in a container: it may not look into processes of other users.
const NO_PTRACE: [&str; 3] = ["setpriv", "--bounding-set", "-sys_ptrace"];

pub fn trials() -> Vec<Trial> {
    let needs =
        geteuid().is_root().then_some(()).ok_or_else(|| "needs root, for processes of two users".to_owned());
    vec![
        trial("where_duplicates_are_refused_nothing_is_parked_and_it_is_as_with_park_off", &Ok(()), no_getfd),
        trial("without_sock_diag_connections_are_parked_all_the_same", &Ok(()), no_sock_diag),
        trial("connections_of_another_users_process_are_told_and_the_others_parked", &needs, two_users),
        trial("where_descriptors_lack_what_fits_is_held_and_the_rest_is_told", &Ok(()), few_descriptors),
    ]
}

fn no_sock_diag() {
    let sock_diag = [(0, libc::AF_NETLINK), (2, libc::NETLINK_SOCK_DIAG)];
    refusing(libc::SYS_socket, &sock_diag, libc::ENOENT, || {
        let mut odd = Odd::start("polite", &[]);
        let plan = plan(&odd);
        let clients = plan.clients as u64;
        let tally = stopped_under_load(&mut odd, plan);
        let report = odd.end();
        assert_eq!(report["source"], "/proc/net/tcp");
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
        assert_eq!(report["outcome"], "drained", "{report}");
        assert!(report["park"]["parked"].as_u64() >= Some(clients), "{report}");
        assert!(report["late_requests"]["answered"].as_u64() > Some(0), "{report}");
    });
}

fn no_getfd() {
    let options = ["--timeout", "2s"];
    let off = drained(&mut Odd::start("polite", &[&options[..], &["--park", "off"]].concat()));
    let refused =
        refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || drained(&mut Odd::start("polite", &options)));
    println!("park off: {off:?}; refused: {refused:?}");
}

/// What all agree on with park off and where it is refused; how many were lost.
fn drained(odd: &mut Odd) -> u64 {
    let plan = plan(odd);
    let clients = plan.clients as u64;
    let tally = stopped_under_load(odd, plan);
    let report = odd.end();
    assert_eq!(
        (&report["park"]["parked"], &report["late_requests"]["answered"]),
        (&0.into(), &0.into()),
        "{report}"
    );
    let highest = |what: &str| report[what]["highest"].as_u64().expect("a figure");
    assert!(highest("idle") + highest("in_flight") + highest("unread") >= clients, "{report}");
    assert!(report["gated_ms"].as_u64() < Some(10_000), "{report}");
    // A request in the instant of the server's close is lost, one of each client at most.
    assert!(tally.lost <= clients, "{tally:?}");
    tally.lost
}

fn two_users() {
    let mut odd = Odd::start_under(&NO_PTRACE, "two-users", &["--timeout", "10s"]);
    // Of which process a connection is tells its answer.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    while ours.len() < 3 || theirs.len() < 3 {
        for mut client in kept_alive(odd.server.address(), 8) {
            let (_, _, pid) = ask(&mut client, "/pid").expect("its process");
            if pid == odd.pid.to_string() { ours.push(client) } else { theirs.push(client) }
        }
        assert!(ours.len() + theirs.len() < 400, "one process accepts all");
    }
    let working = || loop {
        let mut client = kept_alive(odd.server.address(), 1).remove(0);
        if ask(&mut client, "/pid").expect("its process").2 == odd.pid.to_string() {
            client.send(get("/held").as_bytes()).expect("a request");
            return client;
        }
    };
    let mut working = working();
    odd.stop_and_park(ours.len() + 1);
    // Then: those of the other process are the server's as without park; a late request on a parked one is told or, where
    // clocks tie and it may be in doubt, given to the server.
    assert_eq!(ask(&mut theirs[0], "/").expect("the server's answer").0, 200);
    let told = ask(&mut ours[0], "/").expect("an answer").0;
    assert!([200, 503].contains(&told), "{told}");
    is_answered(&mut working, &odd);
    ours.iter_mut().for_each(is_at_its_end);
    let report = odd.end();
    let (parked, out_of_reach) = (&report["park"]["parked"], &report["park"]["out_of_reach"]);
    let expected = (ours.len() as u64 + 1, theirs.len() as u64);
    assert_eq!(report["park"]["cut"], 0, "{report}");
    assert_eq!((parked.as_u64(), out_of_reach.as_u64()), (Some(expected.0), Some(expected.1)), "{report}");
}

fn few_descriptors() {
    let mut odd = Odd::start("lingering", &[]);
    let mut clients = kept_alive(odd.server.address(), MANY_CONNECTIONS);
    let mut working = busy(&odd);
    // The server keeps its own limit.
    let lameduck = Pid::from_raw(odd.server.pid().cast_signed()).expect("a process id");
    let few = Rlimit { current: Some(FEW_DESCRIPTORS), maximum: Some(FEW_DESCRIPTORS) };
    prlimit(Some(lameduck), Resource::Nofile, few).expect("its limit");
    odd.stop_and_park(MANY_CONNECTIONS + 1);
    is_answered(&mut working, &odd);
    odd.logs("forwarded");
    // All within the two seconds for which the server lingers.
    for client in &mut clients {
        client.send(get("/").as_bytes()).expect("a request");
    }
    for client in &mut clients {
        let status = hear(client).expect("an answer").0;
        assert!([200, 503].contains(&status), "{status}");
        is_at_its_end(client);
    }
    let report = odd.end();
    let count = |what: &str| report["park"][what].as_u64().expect("a figure");
    println!("held {}, out of reach {}", count("at_rest"), count("out_of_reach"));
    assert!((1..FEW_DESCRIPTORS).contains(&count("at_rest")), "{report}");
    assert_eq!(count("at_rest") + count("out_of_reach"), MANY_CONNECTIONS as u64 + 1, "{report}");
    assert!(odd.server.log().contains("raise the limit of open files"), "{}", odd.server.log());
}
