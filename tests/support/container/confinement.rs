//! Who runs in a container, and what he may do.
use serde_json::{Value, json};

const AMD64: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/seccomp/lameduck-amd64.json"));
const ARM64: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/seccomp/lameduck-arm64.json"));

/// Each profile of `deploy/seccomp/`, and the architecture that it is for.
pub const PROFILES: [(&str, &str); 2] = [(AMD64, "SCMP_ARCH_X86_64"), (ARM64, "SCMP_ARCH_AARCH64")];

/// What a container of a restricted pod of Kubernetes is permitted, with the profile that its runtime has by default.
pub const RESTRICTED: Confinement = Confinement {
    user: User::Nobody,
    profile: Profile::RuntimeDefault,
    privileges: Privileges::Restricted,
    rootless: false,
    proc: Proc::Shown,
};

/// What a container is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confinement {
    pub user: User,
    pub profile: Profile,
    pub privileges: Privileges,
    /// A plain user has made it, in a user namespace in which there is no other user.
    pub rootless: bool,
    pub proc: Proc,
}

/// What it sees of /proc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proc {
    /// All but what containerd masks.
    Shown,
    /// No processes of other users (proc(5)).
    HidePid,
    /// Nothing of the network, as process 1 sees it.
    NetMasked,
}

/// Whom its processes belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    Root,
    /// `runAsNonRoot`.
    Nobody,
}

/// Which system calls it may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// containerd's own, for a container that adds no capability: pidfd_getfd is refused.
    RuntimeDefault,
    /// That of `deploy/seccomp/`: the same, and pidfd_getfd.
    Lameduck,
    /// All, as Kubernetes has it where no profile is named.
    Unconfined,
}

/// What it may do beyond its user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privileges {
    /// The Pod Security Standard `restricted`: no capability, and none to be gained (no_new_privs).
    Restricted,
    /// containerd's own: its capabilities for root, and set-user-ID programs work.
    Default,
    /// As restricted, with CAP_NET_ADMIN.
    NetAdmin,
}

/// `defaultUnixCaps()` of containerd's pkg/oci/spec.go.
const CAPABILITIES: [&str; 14] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

impl User {
    /// Its number, inside.
    pub const fn number(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::Nobody => 65534,
        }
    }
}

impl Profile {
    /// Whether lameduck may take duplicates under it.
    pub const fn permits_getfd(self) -> bool {
        !matches!(self, Self::RuntimeDefault)
    }

    /// In the words of the OCI runtime specification.
    ///
    /// # Panics
    /// When that of `deploy/seccomp/` is not RuntimeDefault and one rule.
    pub fn rules(self) -> Option<Value> {
        let ours = || -> Value {
            let text = if cfg!(target_arch = "aarch64") { ARM64 } else { AMD64 };
            serde_json::from_str(text).expect("JSON")
        };
        match self {
            Self::Lameduck => Some(ours()),
            Self::Unconfined => None,
            Self::RuntimeDefault => {
                let mut profile = ours();
                let rules = profile["syscalls"].as_array_mut().expect("rules");
                let before = rules.len();
                rules.retain(|rule| rule["names"] != json!(["pidfd_getfd"]));
                assert_eq!(before - rules.len(), 1, "the one rule that ours adds");
                Some(profile)
            }
        }
    }
}

impl Privileges {
    pub const fn capabilities(self) -> &'static [&'static str] {
        match self {
            Self::Restricted => &[],
            Self::Default => &CAPABILITIES,
            Self::NetAdmin => &["CAP_NET_ADMIN"],
        }
    }

    /// Whether no_new_privs is set.
    pub const fn are_final(self) -> bool {
        !matches!(self, Self::Default)
    }
}
