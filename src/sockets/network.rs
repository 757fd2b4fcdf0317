//! Whose network this is.
use std::path::Path;

/// A setting of the machine's own network namespace that the kernel shows in no other (`net_core_table`, which
/// sysctl_core_init() in net/core/sysctl_net_core.c registers for init_net alone).
const OF_THE_MACHINE: &str = "/proc/sys/net/core/netdev_budget";

/// Whether this network namespace is certainly the machine's own: that of a pod with hostNetwork. One that is a node's and not the
/// machine's, as of kind, is not told from a pod's.
#[must_use]
pub fn is_the_machines() -> bool {
    Path::new(OF_THE_MACHINE).exists()
}
