//! The state machine.
use super::lame_duck::{Known, Quiet};
use super::{Action, Condition, Event, Observation, Outcome, Phase, Policy};
use std::time::Duration;

/// A drain. Its clock is the time since any fixed instant, and never goes back.
#[derive(Debug, Clone)]
pub struct Drain {
    policy: Policy,
    phase: Phase,
    /// When the present phase began.
    since: Duration,
    /// When the stop signal came.
    stopped_at: Duration,
    /// `None`: it cannot be told.
    quiet: Option<Quiet>,
    /// What is known of the traffic that is sent here, and of the time that is left.
    known: Known,
    /// The rest is being answered before the forward.
    rest_taken: bool,
    killed: bool,
}

/// A pod that is stopped unannounced was killed 2.0 s after its stop signal (eviction by the kubelet; docs/cluster.md):
/// half of it is for the server.
const REST_AFTER: Duration = Duration::from_secs(1);

impl Drain {
    /// A drain that has not begun.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let zero = Duration::ZERO;
        Self {
            policy,
            phase: Phase::Serving,
            since: zero,
            stopped_at: zero,
            quiet: None,
            known: Known::default(),
            rest_taken: false,
            killed: false,
        }
    }

    /// The present phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// When time alone will change something, always after the last step; `None`: nothing but an event will.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Serving | Phase::Exited => None,
            Phase::LameDuck => Some(self.lame_duck_ends().min(self.limit())),
            // The ends of single conditions are not among them: only a look tells whether nothing else is left.
            Phase::Gated => Some(self.rest_due().map_or(self.limit(), |due| due.min(self.limit()))),
            Phase::Stopping => (!self.killed).then(|| self.kill_at()),
        }
    }

    /// Whether a request that is unread or in flight holds the signal back now.
    #[must_use]
    pub fn waits_for_requests(&self, now: Duration) -> bool {
        [Condition::Unread, Condition::InFlight]
            .iter()
            .all(|condition| self.policy.wait_for.contains(condition))
            && self.in_flight_ends().is_none_or(|end| now < end)
    }

    /// Takes an event and gives what is to be done.
    pub fn step(&mut self, now: Duration, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        let event = self.learn(now, event);
        match (self.phase, event) {
            (Phase::Exited, _) => {}
            (_, Event::Exited) => self.enter(Phase::Exited, now),
            (Phase::Serving, Event::StopSignal) => {
                self.stopped_at = now;
                self.enter(Phase::LameDuck, now);
                actions.push(Action::PrepareGate);
                self.lame_duck(now, None, &mut actions);
            }
            (Phase::Serving, _) => {}
            (Phase::LameDuck, Event::StopSignal | Event::Skip) => {
                self.close_gate(now, &mut actions);
                self.forward(now, Outcome::Skipped, &mut actions);
            }
            (Phase::Gated, Event::StopSignal | Event::Skip) => {
                self.forward(now, Outcome::Skipped, &mut actions);
            }
            (Phase::LameDuck, Event::Observed(seen)) => self.lame_duck(now, Some(seen), &mut actions),
            (Phase::LameDuck, _) => self.lame_duck(now, None, &mut actions),
            (Phase::Gated, Event::Observed(seen)) => self.gated(now, Some(seen), &mut actions),
            (Phase::Gated, _) => self.gated(now, None, &mut actions),
            (Phase::Stopping, _) => self.stopping(now, &mut actions),
        }
        if self.phase == Phase::Gated && self.rest_due().is_some_and(|due| now >= due) {
            self.rest_taken = true;
            actions.push(Action::AnswerTheRest);
        }
        actions
    }

    /// Remembers what others tell; for the rest of the step that is time that has passed.
    fn learn(&mut self, now: Duration, event: Event) -> Event {
        match event {
            Event::Endpoints(endpoints) => self.known.learn_endpoints(now, endpoints),
            Event::Deadline(deadline) => {
                self.policy.deadline = Some(deadline);
                self.known.deadline = true;
            }
            Event::Propagation(propagation) => self.policy.propagation = propagation,
            Event::Unannounced => self.known.unannounced = true,
            _ => return event,
        }
        Event::Tick
    }

    fn lame_duck(&mut self, now: Duration, seen: Option<Observation>, actions: &mut Vec<Action>) {
        if let Some(seen) = seen {
            self.observe_arrivals(now, seen.arrivals);
        }
        if now >= self.limit() {
            self.close_gate(now, actions);
            self.forward(now, Outcome::TimedOut, actions);
        } else if now >= self.lame_duck_ends() {
            self.close_gate(now, actions);
        }
    }

    fn gated(&mut self, now: Duration, seen: Option<Observation>, actions: &mut Vec<Action>) {
        if seen.is_some_and(|seen| self.nothing_left(now, seen)) {
            self.forward(now, Outcome::Drained, actions);
        } else if now >= self.limit() {
            self.forward(now, Outcome::TimedOut, actions);
        }
    }

    fn stopping(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if !self.killed && now >= self.kill_at() {
            self.killed = true;
            actions.push(Action::Kill);
        }
    }

    fn observe_arrivals(&mut self, now: Duration, arrivals: Option<u64>) {
        let unchanged = self.quiet.filter(|quiet| Some(quiet.arrivals) == arrivals);
        self.quiet = unchanged.or(arrivals.map(|arrivals| Quiet { arrivals, since: now }));
    }

    fn close_gate(&mut self, now: Duration, actions: &mut Vec<Action>) {
        self.enter(Phase::Gated, now);
        actions.push(Action::CloseGate);
    }

    fn forward(&mut self, now: Duration, outcome: Outcome, actions: &mut Vec<Action>) {
        self.enter(Phase::Stopping, now);
        actions.push(Action::Forward(outcome));
        self.stopping(now, actions);
    }

    fn enter(&mut self, phase: Phase, now: Duration) {
        (self.phase, self.since) = (phase, now);
    }

    fn nothing_left(&self, now: Duration, seen: Observation) -> bool {
        self.policy.wait_for.iter().all(|condition| {
            let left = match condition {
                Condition::Queue => seen.queue,
                Condition::HalfOpen => seen.half_open.filter(|_| now < self.half_open_ends()),
                Condition::Unread => seen.unread,
                Condition::InFlight => {
                    seen.in_flight.filter(|_| self.in_flight_ends().is_none_or(|end| now < end))
                }
                Condition::Silent => seen.silent,
            };
            left.unwrap_or(0) == 0
        })
    }

    /// When the lame duck ends, as things stand.
    fn lame_duck_ends(&self) -> Duration {
        self.known.lame_duck_ends(&self.policy, self.since, self.limit(), self.quiet)
    }

    /// When the rest is answered though the server goes on, if at all.
    fn rest_due(&self) -> Option<Duration> {
        let due = self.known.unannounced && !self.rest_taken;
        due.then(|| self.stopped_at.saturating_add(REST_AFTER))
    }

    fn half_open_ends(&self) -> Duration {
        self.since.saturating_add(self.policy.silent_grace)
    }

    fn in_flight_ends(&self) -> Option<Duration> {
        self.policy.in_flight_timeout.map(|timeout| self.since.saturating_add(timeout))
    }

    fn kill_at(&self) -> Duration {
        self.since.saturating_add(self.policy.kill_after)
    }

    fn limit(&self) -> Duration {
        self.stopped_at.saturating_add(self.policy.limit())
    }
}
