//! Orphans are ours from the server's first instant on; how they are reaped: tests/conformance.
use super::run;
use super::support::finish;
use std::process::Command;

/// Leaves orphans as soon as it runs, as a server does that daemonizes. Each tells by a fifo who its parent is, once that is another
/// than the subshell that left it (`proc_pid_stat`: the first and the fourth field); what it tells is said after our own parent.
const AT_ONCE: &str = "exec 3<>$0
for i in 1 2 3 4 5; do (
    read -r left _ </proc/self/stat
    (while read -r _ _ _ parent _ </proc/self/stat && [ $parent = $left ]; do :; done; echo $parent >&3) &
); done
echo $PPID
for i in 1 2 3 4 5; do read -r parent <&3; echo $parent; done";
/// How often: the instant that is looked for is a short one.
const TIMES: usize = 40;

#[test]
fn orphans_of_the_first_instant_come_to_lameduck() {
    let place = tempfile::tempdir().unwrap();
    let fifo = place.path().join("parents");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for _ in 0..TIMES {
        let output = finish(&mut run(&[], &["sh", "-c", AT_ONCE, fifo.to_str().unwrap()]));
        let parents = String::from_utf8(output.stdout).unwrap();
        let parents: Vec<&str> = parents.lines().collect();
        assert_eq!(parents, vec![parents[0]; 6]);
    }
}
