//! Tests that need a network namespace of their own, whose settings they change: each in a process of its own, before that
//! has any thread.
use super::faults::own_network;
use super::{cookies, fast_open, kinds};
use libtest_mimic::{Completion, Failed, Trial};
use std::fs;
use std::process::{Command, ExitCode};

/// The number of a test, in the process of its own.
const OWN_NETWORK: &str = "LAMEDUCK_TEST_OWN_NETWORK";
/// It cannot have a network of its own: as Automake's tests say it.
const CANNOT: u8 = 77;

const TESTS: [(&str, fn()); 3] = [
    ("cookies::handshakes_by_cookie_survive_the_closing_gate", cookies::handshakes_survive),
    ("kinds::a_plug_lets_nobody_in_however_a_full_queue_is_dealt_with", plugs),
    ("fast_open::who_knocks_with_a_request_is_answered_or_refused", fast_open::knocks),
];

pub fn trials() -> impl Iterator<Item = Trial> {
    TESTS.iter().enumerate().map(|(number, (name, _))| Trial::ignorable_test(*name, move || trial(number)))
}

fn trial(number: usize) -> Result<Completion, Failed> {
    let output = Command::new(std::env::current_exe()?).env(OWN_NETWORK, number.to_string()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(Completion::Completed),
        Some(code) if code == i32::from(CANNOT) => Ok(Completion::ignored_with(said.trim())),
        _ => Err(said.into()),
    }
}

/// Plays a test, where this is the process of its own.
pub fn in_a_network_of_its_own() -> Option<ExitCode> {
    let number: usize = std::env::var(OWN_NETWORK).ok()?.parse().expect("the number of a test");
    let may_set = || fs::write(path("tcp_syncookies"), "1");
    if let Err(error) = own_network::enter().and_then(|()| may_set()) {
        eprintln!("needs a network namespace of its own, with settings of TCP: {error}");
        return Some(CANNOT.into());
    }
    TESTS[number].1();
    Some(ExitCode::SUCCESS)
}

/// Sets `net.ipv4.NAME` of this network (ip-sysctl.rst).
pub fn set(name: &str, value: &str) {
    fs::write(path(name), value).unwrap_or_else(|error| panic!("net.ipv4.{name} = {value}: {error}"));
}

/// What it is.
pub fn get(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap().trim().to_owned()
}

fn path(name: &str) -> String {
    format!("/proc/sys/net/ipv4/{name}")
}

/// A counter of group `TcpExt` in /proc/net/netstat.
pub fn counter(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/net/netstat").unwrap();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt: "));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let column = names.split(' ').position(|known| known == name).unwrap();
    values.split(' ').nth(column).unwrap().parse().unwrap()
}

/// A plug is a full queue.
fn plugs() {
    for cookies in ["0", "1", "2"] {
        for abort in ["0", "1"] {
            set("tcp_syncookies", cookies);
            set("tcp_abort_on_overflow", abort);
            kinds::a_plug_lets_nobody_in_and_those_who_knocked_are_refused_when_all_is_closed();
        }
    }
}
