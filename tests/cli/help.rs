//! What lameduck tells about itself: what a user reads before anything else.
use super::{complaint, lameduck};
use std::process::Output;

/// What is said on the standard output, when that is all and no failure.
fn told(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = lameduck(arguments).output().unwrap();
    assert_eq!((status.code(), String::from_utf8_lossy(&stderr).as_ref()), (Some(0), ""));
    String::from_utf8(stdout).unwrap()
}

#[test]
#[cfg(all(feature = "inject", feature = "trial"))]
fn given_help_is_asked_for_then_the_verbs_are_told() {
    insta::assert_snapshot!("lameduck-help", told(&["--help"]));
}

#[test]
fn given_help_for_run_is_asked_for_then_each_option_is_told_with_its_unit_variable_and_default() {
    insta::assert_snapshot!("lameduck-run-help", told(&["run", "--help"]));
}

#[test]
fn given_help_for_wait_is_asked_for_then_its_options_and_exit_statuses_are_told() {
    insta::assert_snapshot!("lameduck-wait-help", told(&["wait", "--help"]));
}

#[test]
fn given_help_for_sidecar_is_asked_for_then_its_paths_and_options_are_told() {
    insta::assert_snapshot!("lameduck-sidecar-help", told(&["sidecar", "--help"]));
}

#[test]
fn given_help_for_doctor_is_asked_for_then_its_exit_statuses_are_told() {
    insta::assert_snapshot!("lameduck-doctor-help", told(&["doctor", "--help"]));
}

#[test]
#[cfg(feature = "trial")]
fn given_help_for_trial_is_asked_for_then_each_option_is_told_with_its_variable_and_default() {
    insta::assert_snapshot!("lameduck-trial-help", told(&["trial", "--help"]));
}

#[test]
#[cfg(feature = "inject")]
fn given_help_for_inject_is_asked_for_then_its_modes_options_and_exit_statuses_are_told() {
    insta::assert_snapshot!("lameduck-inject-help", told(&["inject", "--help"]));
    insta::assert_snapshot!("lameduck-uninject-help", told(&["uninject", "--help"]));
}

#[test]
fn given_help_for_install_is_asked_for_then_its_exit_statuses_are_told() {
    insta::assert_snapshot!("lameduck-install-help", told(&["install", "--help"]));
}

#[test]
fn given_the_version_is_asked_for_then_it_is_told() {
    assert_eq!(told(&["--version"]), concat!("lameduck ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn given_every_option_of_run_then_its_variable_is_named_after_it_and_its_default_is_told() {
    let help = told(&["run", "--help"]);
    let (_, options) = help.split_once("Signals:").unwrap();
    let (options, _) = options.split_once("A DURATION is").unwrap();
    let options: Vec<&str> = options.split("\n      --").skip(1).collect();
    assert!(options.len() >= 19, "{options:?}");
    for option in options {
        let name = option.split(' ').next().unwrap();
        let variable = format!("[env: LAMEDUCK_{}=]", name.to_uppercase().replace('-', "_"));
        assert!(option.contains(&variable), "{variable} in {option}");
        assert!(option.contains("[default:"), "{option}");
    }
}

#[test]
fn given_no_verb_then_help_is_shown_as_a_complaint() {
    let help = lameduck(&["--help"]).output().unwrap().stdout;
    let expected = format!("exit status: 125\n{}", String::from_utf8(help).unwrap());
    assert_eq!(complaint(&mut lameduck(&[])), expected);
}

#[test]
fn given_a_verb_that_is_none_then_the_right_one_is_proposed() {
    insta::assert_snapshot!(complaint(&mut lameduck(&["rum", "true"])), @"
    exit status: 125
    lameduck: unrecognized subcommand 'rum'

      tip: a similar subcommand exists: 'run'

    Usage: lameduck <COMMAND>

    For more information, try '--help'.
    ");
}
