//! A control group of a test's own, as each container has one.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const ROOT: &str = "/sys/fs/cgroup";
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
        let made = HIERARCHIES.iter().find_map(|hierarchy| Self::below(Path::new(hierarchy)));
        made.ok_or_else(|| format!("no control group can be made here: it needs root and a writable {ROOT}"))
    }

    /// Makes one in which this controller sets limits, such as `pids` or `cpu`.
    ///
    /// # Errors
    /// When that is not permitted here.
    pub fn limited_by(controller: &str) -> Result<Self, String> {
        let root = Path::new(ROOT);
        // Where there is one hierarchy for all (v2), its children have to be given the controller.
        let _ = fs::write(root.join("cgroup.subtree_control"), format!("+{controller}"));
        let hierarchies = [root.join(controller), root.to_owned()];
        let has = |group: &Self| {
            let mut files = fs::read_dir(&group.0).into_iter().flatten().flatten();
            files.any(|file| file.file_name().to_string_lossy().starts_with(&format!("{controller}.")))
        };
        let made = hierarchies.iter().find_map(|hierarchy| Self::below(hierarchy).filter(has));
        made.ok_or_else(|| {
            format!(
                "no control group with {controller} can be made here: it needs root and a writable {ROOT}"
            )
        })
    }

    /// Sets a limit, in a file of the controller's.
    ///
    /// # Panics
    /// When there is no such file, or it takes no such value.
    pub fn set(&self, file: &str, value: &str) {
        let path = self.0.join(file);
        fs::write(&path, value).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What one of its files says.
    ///
    /// # Panics
    /// When there is no such file.
    #[must_use]
    pub fn get(&self, file: &str) -> String {
        let path = self.0.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether it has such a limit: v1 and v2 have other ones.
    #[must_use]
    pub fn has(&self, file: &str) -> bool {
        self.0.join(file).is_file()
    }

    /// Takes processes in.
    ///
    /// # Panics
    /// When one has gone.
    pub fn take(&self, processes: &[u32]) {
        for pid in processes {
            self.set("cgroup.procs", &pid.to_string());
        }
    }

    /// From now on no process and no thread more is to be had in it, which is one by `pids`.
    ///
    /// # Panics
    /// When it is not.
    pub fn let_nobody_more_in(&self) {
        self.set("pids.max", self.get("pids.current").trim());
    }

    fn below(hierarchy: &Path) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lameduck-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = hierarchy.join(name);
        fs::create_dir(&path).ok()?;
        let group = Self(path);
        // A directory that is no control group has no such file.
        group.0.join("cgroup.procs").is_file().then_some(group)
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
