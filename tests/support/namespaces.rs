//! Namespaces of a test's own, by unshare(1).
use std::process::Command;

/// `unshare` with these options; as another user than root in a user namespace beside them.
pub fn unshare(options: &[&str]) -> Command {
    let mut unshare = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(options);
    unshare
}

/// Whether this command, which does nothing in them, may make them here; else why not.
///
/// # Errors
/// What it said.
pub fn permitted(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("unshare (util-linux): {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("no namespaces here: {}", said.trim()))
}
