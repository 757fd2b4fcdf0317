//! The files that a drain's end is told in: whether they could be written. Nothing is.
use super::finding::Finding;
use crate::commands::run::termination_message::DEFAULT;
use rustix::fs::{Access, AtFlags, CWD, OFlags, accessat};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The termination message; `None` where nobody waits for one.
pub fn termination_log(asked: Option<&Path>, in_kubernetes: bool) -> Option<Finding> {
    const SUBJECT: &str = "termination log";
    let file = asked.unwrap_or(Path::new(DEFAULT));
    let shown = file.display();
    if asked.is_none() && !file.is_file() {
        let nobody = "no /dev/termination-log: the container names another file (terminationMessagePath)";
        let advice = "name the same one by --termination-log (LAMEDUCK_TERMINATION_LOG)";
        return in_kubernetes.then(|| Finding::weaker(SUBJECT, nobody, advice));
    }
    Some(match opened(file).and_then(|()| fs::metadata(file)) {
        Ok(there) if there.len() > 0 => Finding::weaker(
            SUBJECT,
            format!("{shown} has {} bytes already, which stay alone", there.len()),
            "leave it empty where Kubernetes is to show the drain's report",
        ),
        Ok(_) => Finding::ok(SUBJECT, format!("{shown} may be written")),
        Err(error) => Finding::weaker(
            SUBJECT,
            format!("{shown}: {error}"),
            "let this user write to it, or name another file by --termination-log and the container's terminationMessagePath",
        ),
    })
}

/// The report, where one is wanted.
pub fn report(asked: Option<&Path>) -> Option<Finding> {
    const SUBJECT: &str = "report";
    let file = asked?;
    let shown = file.display();
    let permitted = if file.exists() { opened(file) } else { may_be_made(file) };
    Some(match permitted {
        Ok(()) => Finding::ok(SUBJECT, format!("{shown} may be written")),
        Err(error) => Finding::weaker(
            SUBJECT,
            format!("{shown}: {error}"),
            "name a file by --report that this user may write",
        ),
    })
}

/// Opened to be written to, as the drain's end would: that changes nothing, not even a time.
fn opened(file: &Path) -> io::Result<()> {
    // A pipe that nobody reads must not keep us.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().write(true).custom_flags(flags).open(file).map(drop)
}

fn may_be_made(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(accessat(CWD, directory, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
}
