//! runc and crun, by root and by a plain user.
use super::confinement::{Confinement, Profile, RESTRICTED, User};
use super::{Container, root};
use rustix::process::geteuid;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// The user `nobody`, who starts rootless containers where the test is root's.
const NOBODY: u32 = 65534;
/// systemd's layout of version 1 with version 2 beside it (systemd.io/CGROUP_DELEGATION, "hybrid"), which crun refuses.
const HYBRID: &str = "/sys/fs/cgroup/unified/cgroup.procs";
/// In a mount namespace of its own: crun sees version 2 alone.
const VERSION_2: &str = "mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup && exec \"$@\"";

/// What makes containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    Runc,
    Crun,
}

/// Who starts a container on this machine.
pub fn owner(rootless: bool) -> u32 {
    let own = geteuid();
    if rootless && own.is_root() { NOBODY } else { own.as_raw() }
}

impl Runtime {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Runc, Self::Crun];

    /// The program.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Crun => "crun",
        }
    }

    /// Whether such containers can be had here: one is made.
    ///
    /// # Errors
    /// With what is missing.
    pub fn needs(self, confinement: Confinement) -> Result<(), String> {
        static TRIED: [OnceLock<Result<(), String>>; 4] = [const { OnceLock::new() }; 4];
        let rootless = confinement.rootless;
        if rootless && self == Self::Runc && confinement.user != User::Root {
            return Err("runc wants root in a user namespace, and a plain user has one id to map".to_owned());
        }
        let place = usize::from(rootless) + 2 * usize::from(self == Self::Crun);
        TRIED[place].get_or_init(|| self.tried(rootless)).clone()
    }

    fn tried(self, rootless: bool) -> Result<(), String> {
        let name = self.name();
        let version = Command::new(name).arg("--version").output();
        version.map_err(|error| format!("{name} is not to be had ({error}): install it"))?;
        if !rootless && !geteuid().is_root() {
            return Err("needs root, to run a container".to_owned());
        }
        let confinement =
            Confinement { user: User::Root, profile: Profile::Unconfined, rootless, ..RESTRICTED };
        let output = Container::new(self, confinement, root::bare(), &["--version"], &[]).run();
        let said = String::from_utf8_lossy(&output.stderr);
        output.status.success().then_some(()).ok_or_else(|| {
            let what = if rootless { "rootless container" } else { "container" };
            format!("{name} makes no {what} here: {}", said.trim())
        })
    }

    /// What stands before its verb.
    pub(super) fn words(self, state: &Path, rootless: bool) -> Vec<String> {
        let state = state.to_string_lossy().into_owned();
        let mut words: Vec<String> = Vec::new();
        if self == Self::Crun && geteuid().is_root() && Path::new(HYBRID).exists() {
            words.extend(["unshare", "--mount", "sh", "-c", VERSION_2, "sh"].map(str::to_owned));
        }
        if rootless && geteuid().is_root() {
            let nobody = NOBODY.to_string();
            words.extend(["setpriv", "--reuid", &nobody, "--regid", &nobody].map(str::to_owned));
            words.push("--clear-groups".to_owned());
        }
        if rootless {
            words.extend(["env".to_owned(), format!("XDG_RUNTIME_DIR={state}")]);
        }
        words.push(self.name().to_owned());
        match (self, rootless) {
            (Self::Runc, true) => words.extend(["--rootless", "true"].map(str::to_owned)),
            (Self::Runc, false) => {}
            // Nothing is limited, and a plain user has been delegated nothing.
            (Self::Crun, _) => words.push("--cgroup-manager=disabled".to_owned()),
        }
        words.extend(["--root".to_owned(), state]);
        words
    }
}
