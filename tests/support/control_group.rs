//! A control group of a test's own, as each container has one.
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Hierarchies in which one is made: that of cgroup v2, or a small one of v1 (cgroups(7)).
const HIERARCHIES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"];

/// One; removed when those in it are gone.
#[derive(Debug)]
pub struct ControlGroup(PathBuf);

impl ControlGroup {
    /// Makes one.
    ///
    /// # Errors
    /// When that is not permitted here.
    pub fn new() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lameduck-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let made = HIERARCHIES.iter().find_map(|hierarchy| {
            let path = PathBuf::from(hierarchy).join(&name);
            fs::create_dir(&path).ok()?;
            let group = Self(path);
            // A directory that is no control group has no such file.
            group.0.join("cgroup.procs").is_file().then_some(group)
        });
        made.ok_or_else(|| {
            "no control group can be made here: it needs root and a writable /sys/fs/cgroup".to_owned()
        })
    }

    /// Whether one can be made.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn permitted() -> Result<(), String> {
        Self::new().map(drop)
    }

    /// The words before a command that is to run in it.
    pub fn wrapper(&self) -> Vec<String> {
        let script = format!("echo $$ >{}/cgroup.procs; exec \"$@\"", self.0.display());
        ["sh", "-c", &script, "sh"].map(str::to_owned).into()
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // Of those that have just been ended some may still be there: left over, it is empty.
        let _ = fs::remove_dir(&self.0);
    }
}
