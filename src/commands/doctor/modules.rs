//! SELinux and AppArmor: under which rules of theirs we are.
use super::finding::Finding;
use std::fs;

const SUBJECT: &str = "security module";

/// Which one, and whether it is in the way of sock_diag.
pub fn security_module(sock_diag_works: bool) -> Finding {
    // Under SELinux and others it is the label; without any the file cannot be read (proc_pid_attr(5)).
    let label = fs::read("/proc/self/attr/current").unwrap_or_default();
    let label = String::from_utf8_lossy(&label);
    // selinuxfs is hidden in most containers.
    let enforce = fs::read_to_string("/sys/fs/selinux/enforce").ok();
    told(
        label.trim_matches(|end: char| end.is_whitespace() || end == '\0'),
        enforce.as_deref().map(str::trim),
        sock_diag_works,
    )
}

fn told(label: &str, enforce: Option<&str>, sock_diag_works: bool) -> Finding {
    if label.is_empty() {
        return Finding::ok(SUBJECT, "none");
    }
    // user:role:type:level; a profile of AppArmor is "unconfined" or "NAME (MODE)".
    let mut parts = label.split(':');
    let Some(domain) = parts.nth(2).filter(|_| !label.contains(' ')) else {
        return Finding::ok(SUBJECT, format!("AppArmor: {label}"));
    };
    let mode = match enforce {
        Some("1") => "enforcing",
        Some("0") => "permissive",
        _ => "not told whether enforcing",
    };
    let seen = format!("SELinux: {domain} ({label}), {mode}");
    if sock_diag_works || enforce == Some("0") {
        return Finding::ok(SUBJECT, seen);
    }
    Finding::weaker(
        SUBJECT,
        format!("{seen}; before container-selinux 2.242 its policy refuses sock_diag"),
        "update container-selinux to 2.242 on the node, or permit this domain `create`, `read` and `write` of \
         netlink_tcpdiag_socket",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: &str = "system_u:system_r:container_t:s0:c1,c2";

    #[test]
    fn each_module_is_known_by_its_label() {
        assert_eq!(told("", None, true).seen, "none");
        assert_eq!(
            told("cri-containerd.apparmor.d (enforce)", None, false).seen,
            "AppArmor: cri-containerd.apparmor.d (enforce)"
        );
        assert_eq!(told("unconfined", None, true).seen, "AppArmor: unconfined");
        assert!(told(CONTAINER, Some("1"), true).seen.starts_with("SELinux: container_t"));
    }

    #[test]
    fn selinux_is_blamed_where_it_enforces_and_sock_diag_is_refused() {
        assert!(told(CONTAINER, Some("1"), true).is_ok() && told(CONTAINER, Some("0"), false).is_ok());
        for enforce in [Some("1"), None] {
            let finding = told(CONTAINER, enforce, false);
            assert!(!finding.is_ok() && finding.advice.unwrap().contains("2.242"));
        }
    }
}
