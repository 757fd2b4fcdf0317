//! bind(2) itself: what lameduck takes part in, what goes on untouched, and what its caller is told. Most of it is said
//! by the same program without lameduck, too.
use super::probe::{announced, plainly, said};
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use rustix::net::{AddressFamily, SocketType, ipproto, socket};

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("a_listener_is_held_and_its_descriptor_is_as_it_was", || {
            let said = "held blocking inherited True\nhello\nheld non-blocking closed by exec True\nhello\n";
            assert_eq!(announced("listener"), said);
        }),
        test("any_port_is_left_alone", || assert_eq!(announced("any_port"), "not held hello\n")),
        test("other_sockets_are_left_alone", || {
            let said =
                "udp bound not held\nunix bound not held\nunix path bound not held\nnetlink bound not held\n";
            assert_eq!(announced("other_sockets"), said);
        }),
        test("dual_stack_and_v6only_sockets_are_what_they_were_made", || {
            assert_eq!(announced("dual_stack"), "held hello hello\nheld bound held\nhello hello\n");
        }),
        trial("a_multipath_listener_stays_one", &mptcp(), || {
            assert_eq!(announced("mptcp"), "262 held hello\n");
        }),
        test("a_bind_that_fails_says_why", || {
            let said = "taken: EADDRINUSE\nelsewhere: EADDRNOTAVAIL\ntwice: EINVAL EINVAL\n\
                other family: EAFNOSUPPORT\nno such address: EFAULT no descriptor: EBADF\nno socket: ENOTSOCK\n";
            assert_eq!(plainly("failures"), said);
            assert_eq!(announced("failures"), said);
        }),
        trial("a_port_that_the_server_may_not_bind_lameduck_does_not_bind_for_it", &low_ports(), || {
            assert_eq!(announced("low_port"), "EACCES\n");
        }),
        trial("a_server_of_another_user_owns_what_it_binds", &root(), || {
            assert_eq!(announced("other_user"), "65534 hello\n");
        }),
        test("two_sockets_of_one_address_are_held_and_a_third_is_told_that_it_is_taken", || {
            let said = "bound bound\nheld held without SO_REUSEPORT: EADDRINUSE\n";
            assert_eq!(announced("same_address"), said);
        }),
        test("threads_that_bind_at_once_are_all_served", || {
            assert_eq!(announced("threads"), "True [('held', 'hello')]\n");
        }),
        test("processes_that_die_in_the_middle_harm_nobody", || {
            let said = "held blocking inherited True\nhello\nheld non-blocking closed by exec True\nhello\n";
            assert_eq!(announced("dying"), said);
        }),
        test("a_socket_in_an_epoll_is_left_alone_and_accepts", || {
            assert_eq!(announced("in_epoll"), "not held accepts True\n");
        }),
        test("a_duplicated_socket_is_left_alone_and_stays_one", || {
            assert_eq!(announced("duplicated"), "not held True hello\n");
            assert_eq!(announced("shared_with_a_child"), "not held\nhello\n");
        }),
        trial("a_server_in_a_network_of_its_own_is_left_alone", &network(), || {
            let words = ["run", "--capture", "bind", "--", "unshare", "--net"];
            let server = super::probe::words("in_a_network_of_its_own");
            assert_eq!(said(&finish(lameduck().args(words).args(server))), "bound\nnot held\n");
        }),
        test("options_set_before_are_there_and_on_the_connections", options),
        test("an_option_that_only_its_process_can_set_leaves_the_socket_alone", || {
            assert_eq!(announced("with_a_filter"), "not held\n");
        }),
        test("a_call_that_signals_interrupt_is_made_once", || {
            assert_eq!(announced("interrupted"), "{('bound', 'held'): 300}\n");
        }),
        trial("a_32_bit_call_is_left_alone", &has_32_bit_calls(), || {
            assert_eq!(announced("by_32_bit_call"), "who it is: True False not held\nbound not held\n");
        }),
    ]
}

fn options() {
    let plain = plainly("options");
    assert!(plain.lines().count() > 40, "{plain}");
    assert_eq!(announced("options"), plain.replacen("not held", "held", 1));
}

fn mptcp() -> Result<(), String> {
    let made = socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP));
    made.map(drop).map_err(|error| format!("needs a kernel with MPTCP: {error}"))
}

fn root() -> Result<(), String> {
    let is_root = rustix::process::geteuid().is_root();
    is_root.then_some(()).ok_or_else(|| "needs root, to start a server of another user".into())
}

fn network() -> Result<(), String> {
    let output = std::process::Command::new("unshare").args(["--net", "true"]).output();
    let made = output.is_ok_and(|output| output.status.success());
    made.then_some(()).ok_or_else(|| "needs unshare (util-linux), and root or CAP_SYS_ADMIN".into())
}

fn low_ports() -> Result<(), String> {
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    let anybodys = first.trim().parse::<u16>().is_ok_and(|first| first <= 79);
    if anybodys { Err("low ports are everybody's here".into()) } else { Ok(()) }
}

fn has_32_bit_calls() -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        return Err("needs x86-64".into());
    }
    // Without CONFIG_IA32_EMULATION the call is a fault.
    let tried =
        finish(std::process::Command::new("python3").args(&super::probe::words("by_32_bit_call")[1..]));
    let works = tried.stdout.starts_with(b"who it is: True False");
    works.then_some(()).ok_or_else(|| "needs a kernel that serves 32-bit programs".into())
}
