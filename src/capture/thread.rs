//! The thread that answers. Nobody waits for it but the server's own calls, and they for microseconds: it never takes
//! part in a drain. Whatever goes wrong in it, the call goes on as if nobody had asked.
use super::Untouched;
use super::address::address;
use super::held::Captured;
use super::notifier::{Call, Notifier, Waiting};
use super::options::{LONGEST, Options, Setting};
use super::substitute::Substitute;
use super::target::Target;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::fstat;
use rustix::io::Errno;
use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};
use std::os::fd::RawFd;
use std::time::Duration;
use tracing::{debug, warn};

/// Answers the calls of one server, from its first to the end of its last process.
#[derive(Debug)]
pub struct Answering {
    notifier: Notifier,
    captured: Captured,
    options: Options,
    /// What was said already.
    said: HashSet<Discriminant<Untouched>>,
}

impl Answering {
    /// Nothing is answered before [`Self::run`].
    #[must_use]
    pub fn new(notifier: Notifier, captured: Captured) -> Self {
        Self { notifier, captured, options: Options::default(), said: HashSet::new() }
    }

    /// Answers until nobody is left who could call.
    pub fn run(mut self) {
        loop {
            let pace = self.captured.pace().map(|pace| Timespec::try_from(pace).unwrap_or_default());
            let mut sources = [PollFd::new(&self.notifier, PollFlags::IN)];
            match poll(&mut sources, pace.as_ref()) {
                Ok(0) => self.captured.look(),
                Ok(_) => {
                    let ready = sources[0].revents();
                    if ready.contains(PollFlags::IN) {
                        self.answer_one();
                    } else if ready.intersects(PollFlags::HUP | PollFlags::ERR) {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                Err(error) => {
                    warn!(%error, "cannot wait for the server's binds; trying again in a moment");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    fn answer_one(&mut self) {
        let waiting = match self.notifier.receive() {
            Ok(waiting) => waiting,
            // Interrupted by a signal, or killed: it will come again, or never.
            Err(error) => return debug!(%error, "a call was withdrawn"),
        };
        let target = Target::new(waiting.thread);
        let result = match waiting.call {
            Call::Bind { fd, address, length } => self.bind(&waiting, target, fd, (address, length)),
            Call::SetOption { fd, level, name, value, length } => {
                self.record(&waiting, target, fd, |target| {
                    let value = (length <= LONGEST).then(|| target.memory(value, length)).transpose()?;
                    Ok(Setting { level, name, value })
                })
            }
            Call::Other => Err(Untouched::Kernels),
        };
        if let Err(reason) = result {
            // ENOENT: its maker is gone.
            let _ = self.notifier.go_on(&waiting);
            self.say(&reason);
        }
    }

    /// Remembers an option of a socket that is not ours yet, and lets the call go on.
    fn record(
        &mut self,
        waiting: &Waiting,
        target: Target,
        fd: RawFd,
        setting: impl FnOnce(Target) -> Result<Setting, Untouched>,
    ) -> Result<(), Untouched> {
        let inode = target.socket(fd)?.ok_or(Untouched::NotTcp)?;
        if self.captured.get(inode).is_none() {
            let setting = setting(target)?;
            if !self.notifier.waits(waiting) {
                return Err(Untouched::Gone);
            }
            self.options.record(inode, setting);
        }
        Err(Untouched::Kernels)
    }

    /// Puts a socket of ours in the place of the server's.
    fn bind(
        &mut self,
        waiting: &Waiting,
        target: Target,
        fd: RawFd,
        address: (u64, usize),
    ) -> Result<(), Untouched> {
        let inode = target.socket(fd)?.ok_or(Untouched::NotTcp)?;
        if self.captured.get(inode).is_some() {
            return self.bind_again(waiting, target, fd, inode, address);
        }
        let settings = self.options.of(inode);
        let substitute = Substitute::of(target, fd, inode, address, settings)?;
        if !self.notifier.waits(waiting) {
            return Err(Untouched::Gone);
        }
        self.captured.make_room(substitute.address.port());
        let socket = substitute.make(settings)?;
        let ours = fstat(&socket).map_err(|_| Untouched::Kernels)?.st_ino;
        // Without a socket in the server's hands ours is closed again: the address is the server's own to bind.
        self.notifier
            .put_in_place(waiting, fd, &socket, substitute.close_on_exec)
            .map_err(|_| Untouched::Gone)?;
        self.options.forget(inode);
        self.captured.insert(socket, ours, substitute.address, (waiting.thread.cast_signed(), fd));
        debug!(address = %substitute.address, "holding the server's socket");
        self.tell(waiting, ours);
        Ok(())
    }

    /// A call that a signal interrupted after its socket was put in place comes again, and has its answer now. One
    /// that was answered is the kernel's to refuse.
    fn bind_again(
        &mut self,
        waiting: &Waiting,
        target: Target,
        fd: RawFd,
        inode: u64,
        (at, length): (u64, usize),
    ) -> Result<(), Untouched> {
        let held = self.captured.get(inode).filter(|held| !held.is_told).ok_or(Untouched::Kernels)?;
        let kind = target.kind(fd)?.ok_or(Untouched::NotTcp)?;
        let asked = address(target, at, length, kind)?;
        if asked != held.address || !self.notifier.waits(waiting) {
            return Err(Untouched::Kernels);
        }
        self.tell(waiting, inode);
        Ok(())
    }

    fn tell(&self, waiting: &Waiting, inode: u64) {
        match self.notifier.done(waiting) {
            Ok(()) => self.captured.told(inode),
            Err(error) => debug!(%error, "a bind was interrupted before it was answered"),
        }
    }

    fn say(&mut self, reason: &Untouched) {
        if reason.is_worth_saying() && self.said.insert(discriminant(reason)) {
            warn!("not holding a socket that the server binds: {reason}");
        }
    }
}
