//! Where lameduck's own program lies, and whether it can be started from there: a hook starts it again.
use super::finding::Finding;
use procfs::process::{MountInfo, Process};
use rustix::fs::{Mode, OFlags, open};
use std::env;
use std::io;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

const SUBJECT: &str = "program";
const OURSELVES: &str = "/proc/self/exe";
/// As the kubelet names the directory of such a volume (`EscapeQualifiedName` of the plugin's name).
const EMPTY_DIR: &str = "/kubernetes.io~empty-dir/";

/// Its file, the mount that it is on, and a start of it.
pub fn program() -> Option<Finding> {
    let file = open(OURSELVES, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let descriptor = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).ok()?;
    let id: i32 = descriptor.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim().parse().ok()?;
    let mounts = Process::myself().ok()?.mountinfo().ok()?;
    let mount = mounts.0.into_iter().find(|mount| mount.mnt_id == id)?;
    let path = env::current_exe().unwrap_or_else(|_| OURSELVES.into());
    let started = Command::new(&path).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    let started = started
        .and_then(|status| if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) });
    Some(told(&path.display().to_string(), &mount, started))
}

fn told(path: &str, mount: &MountInfo, started: io::Result<()>) -> Finding {
    // The others have no bearing on it.
    let options = ["ro", "nosuid", "nodev", "noexec"].into_iter();
    let options: Vec<&str> = options.filter(|name| mount.mount_options.contains_key(*name)).collect();
    let options = if options.is_empty() { "rw".to_owned() } else { options.join(",") };
    let seen = format!("{path}, from {} ({}, {options})", mount.mount_point.display(), mount.fs_type);
    match started {
        Err(error) => Finding::missing(
            SUBJECT,
            format!("{seen}: it cannot be started from there: {error}"),
            "mount it without noexec: an image volume where the runtime permits that, else copy it into an emptyDir or the image",
        ),
        Ok(()) if mount.root.contains(EMPTY_DIR) => Finding::weaker(
            SUBJECT,
            format!("{seen}, an emptyDir: it blocks `kubectl drain` and the cluster autoscaler"),
            "mount an image volume, put lameduck into the image, or annotate the pod \
             cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes and drain with --delete-emptydir-data",
        ),
        Ok(()) => Finding::ok(SUBJECT, format!("{seen}: started from there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(root: &str, options: &str) -> MountInfo {
        MountInfo::from_line(&format!("40 27 0:41 {root} /lameduck {options} - ext4 /dev/vda rw")).unwrap()
    }

    #[test]
    fn a_read_only_mount_is_as_good_as_any() {
        let finding = told("/lameduck/lameduck", &mount("/", "ro,nosuid,relatime"), Ok(()));
        assert!(finding.is_ok());
        assert_eq!(finding.seen, "/lameduck/lameduck, from /lameduck (ext4, ro,nosuid): started from there");
    }

    #[test]
    fn an_empty_dir_is_told_for_what_it_blocks() {
        let root = "/var/lib/kubelet/pods/8d6f/volumes/kubernetes.io~empty-dir/lameduck";
        assert!(
            told("/lameduck/lameduck", &mount(root, "rw"), Ok(())).advice.unwrap().contains("image volume")
        );
    }

    #[test]
    fn where_it_cannot_be_started_is_told() {
        let refused = Err(io::Error::from_raw_os_error(libc::EACCES));
        let finding = told("/lameduck/lameduck", &mount("/", "ro,noexec"), refused);
        assert!(!finding.is_there() && finding.seen.contains("(ext4, ro,noexec)"), "{finding:?}");
    }
}
