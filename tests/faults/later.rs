//! A system call that is refused from some moment on, as no filter alone can: its calls are announced to the test, which
//! answers them (seccomp_unotify(2)).
use super::statement;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::set_no_new_privs;
use std::mem::{offset_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

/// Runs `body` in a thread whose calls of `syscall` with these arguments (position and value, as 32 bits) fail with
/// `errno` once `refused` is set, and so do those of the processes that it starts.
pub fn refusing_once<T: Send>(
    refused: &AtomicBool,
    syscall: i64,
    arguments: &[(u8, i32)],
    errno: i32,
    body: impl FnOnce() -> T + Send,
) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        // Before the filter is there: a thread inherits its maker's.
        let (refused, over) = (&refused, &over);
        scope.spawn(move || answer(&receiver.recv().expect("a filter"), errno, refused, over));
        let body = scope.spawn(move || {
            sender.send(announce(syscall, arguments)).expect("someone who answers");
            body()
        });
        let came = body.join();
        over.store(true, SeqCst);
        came.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Has the calling thread's calls announced, and those of all that it starts.
fn announce(syscall: i64, arguments: &[(u8, i32)]) -> OwnedFd {
    let load =
        |at: usize| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, u32::try_from(at).unwrap());
    let give = |action: u32| statement(libc::BPF_RET | libc::BPF_K, 0, 0, action);
    let mut wanted = vec![(offset_of!(libc::seccomp_data, nr), i32::try_from(syscall).unwrap())];
    // The lower half of an argument comes first on the machines that this runs on.
    wanted.extend(arguments.iter().map(|(position, value)| {
        (offset_of!(libc::seccomp_data, args) + 8 * usize::from(*position), *value)
    }));
    let mut program = Vec::new();
    for (at, value) in wanted {
        program.push(load(at));
        program.push(statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, 0, value.cast_unsigned()));
        program.push(give(libc::SECCOMP_RET_ALLOW));
    }
    program.push(give(libc::SECCOMP_RET_USER_NOTIF));
    let len = u16::try_from(program.len()).unwrap();
    let filter = libc::sock_fprog { len, filter: program.as_mut_ptr() };
    set_no_new_privs(true).unwrap();
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: `filter` points to `len` instructions that live through the call; the kernel only reads them.
    let listener =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const filter) };
    assert!(listener >= 0, "seccomp: {}", std::io::Error::last_os_error());
    // SAFETY: a new descriptor, which nobody else knows of.
    unsafe { OwnedFd::from_raw_fd(i32::try_from(listener).unwrap()) }
}

fn answer(listener: &OwnedFd, errno: i32, refused: &AtomicBool, over: &AtomicBool) {
    let pause = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    while !over.load(SeqCst) {
        let mut ready = [PollFd::new(listener, PollFlags::IN)];
        if poll(&mut ready, Some(&pause)) != Ok(1) || !ready[0].revents().contains(PollFlags::IN) {
            continue;
        }
        // SAFETY: all zeros are a valid one, and what the kernel insists on (seccomp_notify_recv() in kernel/seccomp.c).
        let mut call: libc::seccomp_notif = unsafe { zeroed() };
        let listener = listener.as_raw_fd();
        // SAFETY: the kernel writes one seccomp_notif, which `call` is.
        if unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) } != 0 {
            continue; // whoever made it is gone
        }
        let goes_on = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE.try_into().unwrap();
        let (error, flags) = if refused.load(SeqCst) { (-errno, 0) } else { (0, goes_on) };
        let answer = libc::seccomp_notif_resp { id: call.id, val: 0, error, flags };
        // SAFETY: the kernel reads one seccomp_notif_resp, which `answer` is. Failing, nobody waits any more.
        unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const answer) };
    }
}
