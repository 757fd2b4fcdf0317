//! Directories of this machine.
use crate::support::trial::trial;
use crate::{PROGRAM, install, names};
use libtest_mimic::Trial;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let no_root = || {
        let root = rustix::process::geteuid().is_root();
        if root { Err("root may write anywhere".to_owned()) } else { Ok(()) }
    };
    vec![
        trial("the_program_is_there_and_runs", &Ok(()), the_program_is_there_and_runs),
        trial("a_second_time_nothing_is_done", &Ok(()), a_second_time_nothing_is_done),
        trial("another_program_or_mode_is_replaced", &Ok(()), another_program_or_mode_is_replaced),
        trial("what_a_killed_one_has_left_is_taken_over", &Ok(()), what_a_killed_one_has_left_is_taken_over),
        trial("a_link_in_its_place_is_not_followed", &Ok(()), a_link_in_its_place_is_not_followed),
        trial("several_at_once_are_one", &Ok(()), several_at_once_are_one),
        trial("where_there_is_no_directory_it_is_said", &Ok(()), where_there_is_no_directory_it_is_said),
        trial("a_directory_of_its_name_is_left", &Ok(()), a_directory_of_its_name_is_left),
        trial("a_directory_that_is_not_ours_is_said_to_be", &no_root(), a_directory_that_is_not_ours),
    ]
}

fn the_program_is_there_and_runs() {
    let here = tempfile::tempdir().unwrap();
    let (status, said) = install(here.path());
    assert_eq!(status, Some(0), "{said}");
    let target = here.path().join("lameduck");
    assert!(said.starts_with(&format!("lameduck: {} installed, ", target.display())), "{said}");
    assert_eq!(names(here.path()), ["lameduck"]);
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o7777, 0o755);
    assert!(fs::read(&target).unwrap() == fs::read(PROGRAM).unwrap(), "the same bytes");
    assert!(Command::new(&target).arg("--version").output().unwrap().status.success());
}

fn a_second_time_nothing_is_done() {
    let here = tempfile::tempdir().unwrap();
    install(here.path());
    let target = here.path().join("lameduck");
    let before = fs::metadata(&target).unwrap();
    assert_eq!(install(here.path()), (Some(0), format!("lameduck: {} is there already\n", target.display())));
    let after = fs::metadata(&target).unwrap();
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()), "the very same file");
    // The copy installs itself, whatever it is called.
    assert!(Command::new(&target).arg("install").arg(here.path()).output().unwrap().status.success());
    assert_eq!(fs::metadata(&target).unwrap().ino(), before.ino());
}

fn another_program_or_mode_is_replaced() {
    let here = tempfile::tempdir().unwrap();
    let target = here.path().join("lameduck");
    let is_ours = || fs::read(&target).unwrap() == fs::read(PROGRAM).unwrap();
    fs::write(&target, "another").unwrap();
    assert_eq!(install(here.path()).0, Some(0));
    assert!(is_ours());
    let mut other = fs::read(PROGRAM).unwrap();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&target, other).unwrap();
    assert_eq!(install(here.path()).0, Some(0));
    assert!(is_ours(), "of the same length");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(install(here.path()).0, Some(0));
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o7777, 0o755);
}

fn what_a_killed_one_has_left_is_taken_over() {
    let here = tempfile::tempdir().unwrap();
    let longer = vec![0; fs::read(PROGRAM).unwrap().len() + 1];
    fs::write(here.path().join(".lameduck.unfinished"), longer).unwrap();
    assert_eq!(install(here.path()).0, Some(0));
    assert_eq!(names(here.path()), ["lameduck"]);
    assert!(fs::read(here.path().join("lameduck")).unwrap() == fs::read(PROGRAM).unwrap());
}

fn a_link_in_its_place_is_not_followed() {
    let here = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = elsewhere.path().join("other");
    fs::write(&other, "precious").unwrap();
    symlink(&other, here.path().join("lameduck")).unwrap();
    assert_eq!(install(here.path()).0, Some(0));
    assert!(here.path().join("lameduck").symlink_metadata().unwrap().is_file());
    symlink(&other, here.path().join(".lameduck.unfinished")).unwrap();
    fs::remove_file(here.path().join("lameduck")).unwrap();
    assert_eq!(install(here.path()).0, Some(125));
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
}

fn several_at_once_are_one() {
    let here = tempfile::tempdir().unwrap();
    let start = |_| Command::new(PROGRAM).arg("install").arg(here.path()).spawn().unwrap();
    let all: Vec<_> = (0..3).map(start).collect();
    for mut one in all {
        assert!(crate::support::end_of(&mut one).success());
    }
    assert_eq!(names(here.path()), ["lameduck"]);
    assert!(fs::read(here.path().join("lameduck")).unwrap() == fs::read(PROGRAM).unwrap());
}

fn where_there_is_no_directory_it_is_said() {
    let here = tempfile::tempdir().unwrap();
    let nowhere = here.path().join("nowhere");
    let absent = format!(
        "lameduck: cannot install into {}: No such file or directory (os error 2): mount a volume there\n",
        nowhere.display()
    );
    assert_eq!(install(&nowhere), (Some(125), absent));
    let file = here.path().join("file");
    fs::write(&file, "text").unwrap();
    let no_directory = format!("lameduck: cannot install into {}: it is no directory\n", file.display());
    assert_eq!(install(&file), (Some(125), no_directory));
    assert_eq!(names(here.path()), ["file"]);
}

fn a_directory_of_its_name_is_left() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("lameduck")).unwrap();
    let expected = format!(
        "lameduck: cannot install into {}: lameduck is a directory there: take it away\n",
        here.path().display()
    );
    assert_eq!(install(here.path()), (Some(125), expected));
    assert_eq!(names(here.path()), ["lameduck"], "nothing half is left");
}

fn a_directory_that_is_not_ours() {
    let (status, said) = install("/proc/self".as_ref());
    assert_eq!(status, Some(125));
    assert!(said.contains("may not write there: set fsGroup"), "{said}");
}
