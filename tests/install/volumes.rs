//! Volumes that are full or read-only, mounted in namespaces of the test's own.
use crate::support::namespaces::{permitted, unshare};
use crate::support::trial::trial;
use crate::{PROGRAM, said};
use libtest_mimic::Trial;
use std::path::Path;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let needs = permitted(&mut in_a_mount("true", std::env::temp_dir().as_ref()));
    vec![
        trial("a_full_volume_is_said_to_be_and_keeps_what_it_had", &needs, full),
        trial("a_read_only_volume_is_said_to_be", &needs, read_only),
        trial("a_volume_that_may_not_be_executed_from_is_filled_all_the_same", &needs, noexec),
    ]
}

/// A shell with mounts of its own, with a directory as $D and the program as $L.
fn in_a_mount(script: &str, directory: &Path) -> Command {
    let mut command = unshare(&["--mount", "--propagation", "private", "sh", "-euc", script]);
    command.env("D", directory).env("L", PROGRAM);
    for name in std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with("LAMEDUCK_"))
    {
        command.env_remove(name);
    }
    command
}

fn full() {
    let here = tempfile::tempdir().unwrap();
    // What is there stays, and its place is not taken by half a copy.
    let script = "mount -t tmpfs -o size=64k tmpfs $D; echo old >$D/lameduck; chmod 755 $D/lameduck
        status=0; $L install $D || status=$?
        [ \"$(ls -A $D)\" = lameduck ] && [ \"$(cat $D/lameduck)\" = old ] || echo 'not as before' >&2
        exit $status";
    let (status, said) = said(&mut in_a_mount(script, here.path()));
    assert_eq!(status, Some(125), "{said}");
    let (before, after) = said.split_once(" MiB are needed\n").expect(&said);
    assert!(
        before.starts_with(&format!(
            "lameduck: cannot install into {}: the volume is full: ",
            here.path().display()
        )),
        "{said}"
    );
    assert_eq!(after, "");
}

fn read_only() {
    let here = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o ro tmpfs $D; exec $L install $D";
    let expected = format!(
        "lameduck: cannot install into {}: it is read-only: mount it writable for lameduck, and readOnly for the server only\n",
        here.path().display()
    );
    assert_eq!(said(&mut in_a_mount(script, here.path())), (Some(125), expected));
}

fn noexec() {
    let here = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o noexec tmpfs $D; $L install $D && $L install $D && cmp $D/lameduck $L";
    let (status, said) = said(&mut in_a_mount(script, here.path()));
    assert_eq!(status, Some(0), "{said}");
}
