//! Test programs whose scenes take the whole machine: one at a time, each as often as asked for; and those whose scenes wait.
use libtest_mimic::{Arguments, Trial};
use std::env;

/// The environment variable that says how often each scene is run.
const RUNS: &str = "LAMEDUCK_TEST_RUNS";

/// How many scenes are run at once that wait most of the time.
const WAITING: usize = 4;

/// Runs these trials one after the other, as the command line says, and ends the process. Two at once would measure
/// each other.
pub fn one_at_a_time(trials: impl IntoIterator<Item = Vec<Trial>>) -> ! {
    at_a_time(1, trials)
}

/// The same for scenes that wait most of the time and measure nothing: several at a time.
pub fn several_at_a_time(trials: impl IntoIterator<Item = Vec<Trial>>) -> ! {
    at_a_time(WAITING, trials)
}

fn at_a_time(threads: usize, trials: impl IntoIterator<Item = Vec<Trial>>) -> ! {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(threads);
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit()
}

/// How often each scene is run: `LAMEDUCK_TEST_RUNS`, once by default.
///
/// # Panics
/// When it is no number: none of the runs that were asked for would be had.
pub fn runs() -> u32 {
    runs_or(1)
}

/// The same where it is so often by default.
///
/// # Panics
/// As [`runs`].
pub fn runs_or(by_default: u32) -> u32 {
    let Some(runs) = env::var_os(RUNS) else { return by_default };
    let number = runs.to_str().and_then(|runs| runs.parse().ok()).filter(|runs| *runs > 0);
    number.unwrap_or_else(|| panic!("{RUNS}={}: not a number from 1 up", runs.display()))
}

/// A scene, as often as asked for.
pub fn repeated(scene: impl Fn()) -> impl FnOnce() {
    move || (0..runs()).for_each(|_| scene())
}

/// One trial in three by default, all of them with `LAMEDUCK_TEST_RUNS`: where there is one for each of many pairings.
///
/// # Errors
/// With the reason, when the trial at this place is left out.
pub fn one_in_three(place: usize) -> Result<(), String> {
    one_in(3, place)
}

/// The same of any share.
///
/// # Errors
/// As [`one_in_three`].
pub fn one_in(share: usize, place: usize) -> Result<(), String> {
    let taken = env::var_os(RUNS).is_some() || place.is_multiple_of(share);
    taken.then_some(()).ok_or_else(|| format!("one in {share} by default; {RUNS}=1 is all of them"))
}
