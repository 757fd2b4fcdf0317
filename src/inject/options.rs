//! What is asked of `inject`, as plain values.

/// How lameduck comes to drain the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `lameduck run` in front of the container's command.
    Entrypoint,
    /// `lameduck wait` as its preStop hook.
    Hook,
    /// `lameduck sidecar` in a container beside it, asked by its preStop hook.
    Sidecar,
}

impl Mode {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entrypoint => "entrypoint",
            Self::Hook => "hook",
            Self::Sidecar => "sidecar",
        }
    }
}

/// How the program comes into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// An init container copies it into an emptyDir.
    Copy,
    /// The image is a volume (Kubernetes 1.31 and later, where it is switched on).
    Image,
}

/// The mesh whose proxy would stand between the kubelet and the sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mesh {
    /// Istio.
    Istio,
    /// Linkerd.
    Linkerd,
}

/// What is to be injected, and into what.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it drains.
    pub mode: Mode,
    /// The image: its entrypoint is lameduck, which is also at `/lameduck` in it.
    pub image: String,
    /// When the kubelet pulls it; `None`: as it does by itself.
    pub pull_policy: Option<String>,
    /// How the program gets into the container.
    pub mount: Mount,
    /// The workloads, as `KIND/NAME` or `NAME`; none: all.
    pub workloads: Vec<String>,
    /// The container's name; `None`: the only one, or the default one.
    pub container: Option<String>,
    /// The server's ports.
    pub ports: Vec<u16>,
    /// The server's command, where the manifest has none.
    pub command: Vec<String>,
    /// Whether a preStop hook that is there may be kept.
    pub chain: bool,
    /// Whether a Role and its binding come with it.
    pub with_rbac: bool,
    /// Which mesh.
    pub mesh: Option<Mesh>,
    /// lameduck's own variables.
    pub env: Vec<(String, String)>,
    /// Requests of lameduck's containers: resource and quantity.
    pub requests: Vec<(String, String)>,
    /// Their limits.
    pub limits: Vec<(String, String)>,
}

impl Options {
    /// A variable that is asked for.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
