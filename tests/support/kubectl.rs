//! kubectl, and the API server that it knows.
use std::process::{Command, Stdio};

/// It, with nothing to read: `$KUBECTL`, or the one on PATH.
pub fn kubectl() -> Command {
    let mut command = Command::new(std::env::var_os("KUBECTL").unwrap_or_else(|| "kubectl".into()));
    command.stdin(Stdio::null());
    command
}

/// Whether it is there.
///
/// # Errors
/// With what to do.
pub fn is_there() -> Result<(), String> {
    let output = kubectl().args(["version", "--client"]).output();
    let there = output.is_ok_and(|output| output.status.success());
    there.then_some(()).ok_or_else(|| "kubectl is not on PATH, nor named by KUBECTL".to_owned())
}

/// Whether an API server is named for it.
///
/// # Errors
/// With what to do.
pub fn api_server() -> Result<(), String> {
    if std::env::var_os("KUBECONFIG").is_none() {
        let way = "`tests/cluster/up --api-only` starts an API server and names its file";
        return Err(format!("KUBECONFIG is not set: {way}"));
    }
    is_there()
}
