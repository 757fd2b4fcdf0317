//! What the server that was started listens on.
use crate::sockets::diag::SockDiag;
use crate::sockets::{Address, discovery, processes};
use rustix::process::Pid;
use std::collections::HashSet;
use std::io;

/// Whether the process that was started may be the server, or only those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Itself and those below.
    Itself,
    /// Only below: it is a supervisor with sockets of its own.
    Below,
}

/// The addresses listened on by the process `root` and those below it, in the order of processes and
/// descriptors. Processes that may not be looked into are left out.
///
/// # Errors
/// When neither sock_diag nor /proc can be read.
pub fn addresses(root: i32, look: Look) -> io::Result<Vec<Address>> {
    let root = Pid::from_raw(root).ok_or(io::ErrorKind::InvalidInput)?;
    let among = among(root, look);
    // Opening succeeds where the kernel lacks tcp_diag; only asking tells.
    let by_diag = || discovery::among(Some(&mut SockDiag::open()?), among.clone(), &[]);
    let found = by_diag().or_else(|_| discovery::among(None, among.clone(), &[]))?;
    let mut listeners = found.listeners;
    listeners.sort_by_key(|listener| {
        listener.holders.iter().map(|holder| (holder.pid.as_raw_nonzero(), holder.fd)).min()
    });
    let mut addresses: Vec<Address> = listeners.into_iter().map(|listener| listener.address).collect();
    addresses.dedup();
    Ok(addresses)
}

fn among(root: Pid, look: Look) -> HashSet<Pid> {
    let mut among = processes::descendants(root);
    if look == Look::Itself {
        among.insert(root);
    }
    among
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    use std::net::TcpListener;
    use std::os::fd::AsRawFd;

    #[test]
    fn given_listeners_of_this_process_then_they_are_found_in_the_order_of_their_descriptors() {
        let mut listeners = ["127.0.0.1:0", "127.0.0.1:0"].map(|address| TcpListener::bind(address).unwrap());
        // Other threads open and close descriptors meanwhile: the second may have got the lower number.
        listeners.sort_by_key(AsRawFd::as_raw_fd);
        let bound = listeners.each_ref().map(|listener| listener.local_addr().unwrap());

        let mut found = addresses(getpid().as_raw_nonzero().get(), Look::Itself).unwrap();
        found.retain(|address| address.tcp().is_some_and(|tcp| bound.contains(&tcp)));
        assert_eq!(found, bound.map(Address::from));
    }

    #[test]
    fn given_a_kernel_without_tcp_diag_then_listeners_are_found_all_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bound = Address::from(listener.local_addr().unwrap());
        // sock_diag is opened, and nothing can be asked, by this thread.
        let refused = SeccompAction::Errno(libc::ENOENT.cast_unsigned());
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let asking = [(libc::SYS_sendto, vec![])].into();
        let filter = SeccompFilter::new(asking, SeccompAction::Allow, refused, arch).unwrap();
        let filter: BpfProgram = filter.try_into().unwrap();
        let found = std::thread::spawn(move || {
            apply_filter(&filter).unwrap();
            addresses(getpid().as_raw_nonzero().get(), Look::Itself)
        });
        let found = found.join().unwrap().unwrap();
        assert!(found.contains(&bound), "{found:?}");
    }

    #[test]
    fn given_a_supervisor_then_only_those_below_it_are_looked_at() {
        assert!(among(getpid(), Look::Itself).contains(&getpid()));
        assert!(!among(getpid(), Look::Below).contains(&getpid()));
    }
}
