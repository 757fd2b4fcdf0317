//! Tests that need something of the machine: what cannot run is reported as ignored, and says why.
use libtest_mimic::Trial;

/// A test that runs where `needs` is there, and is ignored, with the reason, where not. For `harness =
/// false`.
pub fn trial(name: &str, needs: &Result<(), String>, test: impl FnOnce() + Send + 'static) -> Trial {
    if let Err(reason) = needs {
        println!("{name} is ignored: {reason}");
    }
    let run = move || {
        test();
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(needs.is_err())
}
