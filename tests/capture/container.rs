//! A container of runc's, as containerd starts one for a restricted pod: a user without capabilities, no_new_privs, and a
//! seccomp profile. Its files are this machine's, read-only; its network is that of the test.
use crate::support::server::Builder;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The user and group `nobody`.
const NOBODY: u32 = 65534;

/// What a container has of its own, below `/`.
const OWN: [&str; 6] = ["proc", "sys", "dev", "tmp", "run", "lost+found"];

/// A bundle (OCI runtime specification), and the container that is made of it; gone when the test is over.
#[derive(Debug)]
pub struct Container {
    bundle: PathBuf,
    name: String,
}

impl Container {
    /// One that runs these words under this profile.
    pub fn new(words: &[&str], environment: &[(&str, &str)], profile: &Value) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lameduck-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        let root = bundle.join("root");
        // A tmpfs gets the mode of what it is mounted on.
        fs::create_dir_all(root.join("tmp")).expect("a directory under target/");
        fs::set_permissions(root.join("tmp"), Permissions::from_mode(0o1777)).expect("our own directory");
        let path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".to_owned();
        let environment = environment.iter().map(|(name, value)| format!("{name}={value}"));
        let config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "args": words,
                "env": environment.chain([path]).collect::<Vec<_>>(),
                "cwd": "/",
                "user": {"uid": NOBODY, "gid": NOBODY},
                "capabilities": {},
                "noNewPrivileges": true,
            },
            "root": {"path": "root"},
            "mounts": mounts(&root),
            "linux": {
                "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}],
                "seccomp": profile,
            },
        });
        fs::write(bundle.join("config.json"), config.to_string()).expect("a file under target/");
        Self { bundle, name }
    }

    /// What starts it, and ends with it: a server on this port.
    pub fn server(&self, port: u16) -> Builder {
        let bundle = self.bundle.to_string_lossy().into_owned();
        Builder::new(port, "runc", ["run", "--bundle", &bundle, &self.name])
    }
}

/// Whether containers can be had here.
///
/// # Errors
/// With what is missing.
pub fn needs() -> Result<(), String> {
    let works = Command::new("runc").arg("--version").output().is_ok_and(|output| output.status.success());
    if !rustix::process::geteuid().is_root() {
        return Err("needs root, to run a container".into());
    }
    works
        .then_some(())
        .ok_or_else(|| "runc is not on PATH: install it to test under a container's profile".into())
}

/// All of this machine's directories and, wherever they are, the server's files and the program under test.
fn mounts(root: &Path) -> Vec<Value> {
    let mut mounts = vec![
        json!({"destination": "/proc", "type": "proc", "source": "proc"}),
        json!({"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}),
        json!({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}),
    ];
    let bound = |path: &Path| json!({"destination": path, "type": "bind", "source": path, "options": ["rbind", "ro"]});
    let entries = fs::read_dir("/").expect("the root directory");
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let Some(name) = path.file_name().filter(|name| OWN.iter().all(|own| name != own)) else { continue };
        if let Ok(target) = fs::read_link(&path) {
            symlink(target, root.join(name)).expect("a link under target/");
        } else if path.is_dir() {
            mounts.push(bound(&path));
        }
    }
    mounts
        .extend([env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR")].map(|path| bound(Path::new(path))));
    let program = Path::new(env!("CARGO_BIN_EXE_lameduck"));
    mounts.extend(program.parent().map(bound));
    mounts
}

impl Drop for Container {
    fn drop(&mut self) {
        // It says that there is none when it has ended by itself.
        let _ = Command::new("runc").args(["delete", "--force", &self.name]).output();
        // Only our own files: nothing is mounted in it but in the container's own namespace.
        let _ = fs::remove_dir_all(&self.bundle);
    }
}
