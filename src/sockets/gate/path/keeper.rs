//! The keeper: a thread that sees when the server removes the path of our socket, and puts it back at once. Whoever
//! connects between finds no file (ENOENT), and knows that nobody has got its request: in the microseconds, or on a busy
//! machine milliseconds, until the thread runs.
use super::names::Names;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify;
use rustix::io::{Errno, read};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tracing::warn;

/// Where there is no inotify (fs.inotify.max_user_instances), the path is looked at so often.
const PACE: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
/// Many events of a busy directory.
const EVENTS_SIZE: usize = 16 * 1024;

/// What keeps a path.
#[derive(Debug)]
pub struct Keeper {
    told: Arc<Told>,
    /// `None`: none was to be had (EAGAIN: the pids limit), and the path is not put back.
    thread: Option<JoinHandle<bool>>,
}

#[derive(Debug)]
struct Told {
    keep: AtomicBool,
    end: AtomicBool,
    bell: OwnedFd,
}

impl Keeper {
    /// Starts it. It watches from now on.
    ///
    /// # Errors
    /// When no descriptor is to be had.
    pub fn start(names: Arc<Names>) -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let told = Arc::new(Told { keep: AtomicBool::new(false), end: AtomicBool::new(false), bell });
        let (hears, watch) = (Arc::clone(&told), watch(&names));
        let thread = std::thread::Builder::new()
            .name("path-keeper".to_owned())
            .spawn(move || hears.attend(&names, watch.as_ref()))
            .inspect_err(|error| {
                warn!(%error, "no thread is to be had: a path that the server removes is not put back");
            })
            .ok();
        Ok(Self { told, thread })
    }

    /// From now on the path is put back.
    pub fn keep(&self) {
        self.told.keep.store(true, Ordering::Release);
        self.told.ring();
    }

    /// Ends it; says whether the server has removed the path since it was told to keep it, or has removed it now.
    pub fn end(self) -> bool {
        self.told.end.store(true, Ordering::Release);
        self.told.ring();
        // It does not panic; if it did, the path is left as it is. So it is without a thread: what is at the path tells all.
        self.thread.is_some_and(|thread| thread.join().unwrap_or(false))
    }
}

impl Told {
    fn ring(&self) {
        // Cannot fail: the counter is far from its limit.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn attend(&self, names: &Names, watch: Option<&OwnedFd>) -> bool {
        let mut removed = false;
        loop {
            // First told, then looked: what comes after the look makes the watch readable.
            let (end, keep) = (self.end.load(Ordering::Acquire), self.keep.load(Ordering::Acquire));
            if names.is_removed() {
                removed |= keep || end;
                if keep && !end {
                    // EEXIST: the server was quicker, and listens there again.
                    let _ = names.put_back();
                }
            }
            if end {
                return removed;
            }
            let mut sources = vec![PollFd::new(&self.bell, PollFlags::IN)];
            sources.extend(watch.map(|watch| PollFd::new(watch, PollFlags::IN)));
            match poll(&mut sources, watch.is_none().then_some(&PACE)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => std::thread::yield_now(),
            }
            for source in [Some(&self.bell), watch].into_iter().flatten() {
                while matches!(read(source, &mut [0; EVENTS_SIZE]), Ok(1..)) {}
            }
        }
    }
}

/// Becomes readable when a name leaves the directory.
fn watch(names: &Names) -> Option<OwnedFd> {
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).ok()?;
    let leaves = inotify::WatchFlags::DELETE | inotify::WatchFlags::MOVED_FROM;
    inotify::add_watch(&watch, names.directory(), leaves).ok()?;
    Some(watch)
}
