//! How a drain went, told in Events: when all is known, just before the end (`run`, `sidecar`) or before the hook returns
//! (`wait`), which may be the end of us.
use super::ending::told_to_hurry;
use super::reporting::alerted;
use super::supervision::Supervision;
use super::termination_message::summary;
use crate::drain::{Outcome, Report};
use crate::kubernetes::{Announced, Announcement, Notice, Trouble};
use std::time::{Duration, Instant};
use tracing::info;

/// How long the end is held up for them at most. Two requests on new connections took 90 ms at worst on a busy machine
/// (docs/kubernetes.md); who has not answered in a second is overloaded, and the grace period is worth more than an Event.
const BOUND: Duration = Duration::from_secs(1);

/// Events that are being written.
pub struct Announcing {
    announcement: Announcement,
    /// How long that may take, and until when.
    within: Duration,
    until: Instant,
    /// This pod was to be read, and with it its owner.
    is_read: bool,
}

impl Supervision {
    /// Begins to tell Kubernetes how it went, where that is wanted; once.
    pub(super) fn announce(&mut self, report: &Report) {
        let Some(settings) = self.cluster.settings.take().filter(|settings| settings.events) else { return };
        let within = self.closing_until().saturating_duration_since(Instant::now()).min(BOUND);
        if within.is_zero() {
            return info!("no time is left to write an Event (--events)");
        }
        let is_read = settings.own_pod;
        match Announcement::begin(settings, self.cluster.own_pod.clone(), notice(report), within) {
            Ok(announcement) => {
                let until = Instant::now() + within;
                self.cluster.announcing = Some(Announcing { announcement, within, until, is_read });
            }
            Err(trouble) => untold(&trouble),
        }
    }

    /// Waits until that is done or takes too long, and says it.
    pub(super) fn finish_announcing(&mut self) {
        let Some(announcing) = self.cluster.announcing.take() else { return };
        let Announcing { announcement, within, until, is_read } = announcing;
        let (signals, routing, server) = (&self.signals, &self.routing, &mut self.server);
        let mut announced = None;
        let mut wait = |pause| told_to_hurry(signals, routing, server, pause);
        self.gatekeeper.wait_for(until, &mut wait, |_| {
            announced = announced.take().or_else(|| announcement.announced());
            announced.is_some()
        });
        let Some(Announced { on, trouble }) = announced else {
            return if Instant::now() < until {
                info!("told to hurry: not waiting for the Events (--events)");
            } else {
                untold(&Trouble::Late(within));
            };
        };
        if !on.is_empty() {
            let hint = if is_read { "" } else { " (its owner has one, too, with --own-pod read)" };
            info!(on = %on.join(", "), "told in Events{hint}");
        }
        if let Some(trouble) = trouble {
            untold(&trouble);
        }
    }
}

fn untold(trouble: &Trouble) {
    info!("an Event could not be written (--events): {trouble}");
}

fn notice(report: &Report) -> Notice {
    let lost = report.left_behind.unanswered + alerted(report);
    Notice {
        reason: reason(report.outcome),
        is_warning: report.outcome != Outcome::Drained || report.killed || lost > 0,
        message: summary(report),
    }
}

fn reason(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Drained => "Drained",
        Outcome::TimedOut => "DrainTimedOut",
        Outcome::Skipped => "DrainSkipped",
        Outcome::ServerExited => "ServerExited",
    }
}
