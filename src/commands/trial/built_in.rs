//! The built-in server as a trial knows it: what it can do, and its command.
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

/// The built-in server.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its processes.
    pub workers: u16,
    /// How long a request takes.
    pub work: Duration,
    /// How long a slow request takes, and that every n-th is one.
    pub slow: Option<(NonZeroU64, Duration)>,
}

impl BuiltIn {
    /// Requests a second: the workers do nothing but wait, one request each.
    pub fn capacity(&self) -> f64 {
        let mean = match self.slow {
            #[allow(clippy::cast_precision_loss)] // exact up to 2^53
            Some((every, slow)) => {
                let every = every.get() as f64;
                (self.work.as_secs_f64() * (every - 1.0) + slow.as_secs_f64()) / every
            }
            None => self.work.as_secs_f64(),
        };
        // No work at all is no limit: the highest rate is then taken.
        f64::from(self.workers) / mean.max(1e-9)
    }

    /// Its command, run by the program `myself`.
    pub fn command(&self, myself: &Path, slow_work: Duration) -> Vec<OsString> {
        let time = |duration| humantime::format_duration(duration).to_string();
        let options =
            ["--workers", &self.workers.to_string(), "--work", &time(self.work)].map(OsString::from);
        let slow = ["--slow-work", &time(slow_work)].map(OsString::from);
        [myself.into(), "trial-server".into()].into_iter().chain(options).chain(slow).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_requests_lower_the_capacity() {
        let slow = NonZeroU64::new(10).map(|every| (every, Duration::from_millis(200)));
        let server = BuiltIn { workers: 1, work: Duration::from_millis(20), slow };
        assert!((server.capacity() - 1.0 / 0.038).abs() < 1e-6, "{}", server.capacity());
    }

    #[test]
    fn no_work_is_no_limit() {
        let idle = BuiltIn { workers: 2, work: Duration::ZERO, slow: None };
        assert!(idle.capacity().is_finite() && idle.capacity() > 1e6);
    }
}
