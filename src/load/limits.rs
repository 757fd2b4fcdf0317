//! How many connections this process can hold open at once.
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for everything that is no connection of the load.
const RESERVED: u64 = 64;

/// The most connections that one client address can hold to one target: fewer than the ephemeral ports,
/// of which `net.ipv4.ip_local_port_range` gives 28,232 (Documentation/networking/ip-sysctl.rst).
const MOST: u64 = 20_000;

/// Raises this process's soft limit of open files to its hard limit, and says how many connections a load
/// may hold open at once. At least 1; when the limit cannot be raised, what the present one permits.
#[must_use]
pub fn at_once() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    // None is no limit.
    let files = if raised { maximum } else { current }.unwrap_or(MOST + RESERVED);
    usize::try_from(files.saturating_sub(RESERVED).clamp(1, MOST)).unwrap_or(1)
}
