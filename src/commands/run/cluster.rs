//! What Kubernetes tells of the stop: asked when the stop signal has come, heard until the gate closes, said once.
use super::announcing::Announcing;
use super::supervision::Supervision;
use crate::cli::{DrainArgs, HookArgs, LateArrivalArgs, RunArgs, Treatment, values};
use crate::drain::{Endpoints, Event, Phase};
use crate::kubernetes::{Fellows, Inquiry, News, OwnPod, Settings, Standing, Trouble};
use crate::late_arrivals::Fellow;
use std::collections::BTreeSet;
use std::time::Instant;
use tracing::{debug, info, warn};

/// Whom to ask and to tell, and what; by default nobody.
#[derive(Default)]
pub struct Cluster {
    pub(super) settings: Option<Settings>,
    /// The ready endpoints are to be relayed to.
    relays: bool,
    /// How long a change takes to get about is to be guessed from the pod.
    guesses: bool,
    /// Exists while the lame duck lasts.
    inquiry: Option<Inquiry>,
    /// Why there is no answer yet.
    trouble: Option<Trouble>,
    /// What was read of this pod.
    pub(super) own_pod: Option<OwnPod>,
    /// Exists while Events are written.
    pub(super) announcing: Option<Announcing>,
}

impl Cluster {
    /// What the options of `run` ask for.
    #[must_use]
    pub fn of(args: &RunArgs, in_kubernetes: bool) -> Self {
        Self::new(args.kubernetes.settings(in_kubernetes), &args.late_arrivals, &args.drain)
    }

    /// What the options of a hook ask for.
    #[must_use]
    pub fn of_hook(args: &HookArgs, in_kubernetes: bool) -> Self {
        Self::new(args.kubernetes.settings(in_kubernetes), &args.late_arrivals, &args.drain)
    }

    fn new(settings: Option<Settings>, late: &LateArrivalArgs, drain: &DrainArgs) -> Self {
        Self {
            settings,
            relays: late.late_arrivals == Treatment::Relay && late.relay_to.is_empty(),
            guesses: drain.propagation.is_none(),
            inquiry: None,
            trouble: None,
            own_pod: None,
            announcing: None,
        }
    }

    /// Whether it tells of fellow servers.
    #[must_use]
    pub fn finds_fellows(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.withdrawal)
    }
}

impl Supervision {
    /// The same, asking this cluster at the stop.
    #[must_use]
    pub fn asking(mut self, cluster: Cluster) -> Self {
        self.cluster = cluster;
        self
    }

    /// Begins to ask.
    pub(super) fn ask_the_cluster(&mut self) {
        let Some(settings) = self.cluster.settings.clone().filter(Settings::asks) else { return };
        let watched = self.gatekeeper.listeners.watched.iter();
        let ports: BTreeSet<u16> =
            watched.filter_map(|watched| Some(watched.listener.address.tcp()?.port())).collect();
        match Inquiry::begin(settings, ports.into_iter().collect()) {
            Ok(inquiry) => self.cluster.inquiry = Some(inquiry),
            Err(trouble) => without_endpoints(&trouble),
        }
    }

    /// Passes on what was learned.
    pub(super) fn hear_from_the_cluster(&mut self) {
        let Some(inquiry) = &self.cluster.inquiry else { return };
        for news in inquiry.news().collect::<Vec<_>>() {
            match news {
                News::Standing(standing) => self.hear_of_endpoints(&standing),
                News::Fellows(fellows) if self.cluster.relays => self.hear_of_fellows(fellows),
                News::Fellows(_) => {}
                News::OwnPod(own_pod) => self.hear_of_own_pod(own_pod),
                News::TryingAgain(trouble) => {
                    debug!("asking again: {trouble}");
                    self.cluster.trouble = Some(trouble);
                }
                News::NoEndpoints(trouble) => {
                    self.cluster.trouble = None;
                    without_endpoints(&trouble);
                    self.learn_endpoints(Endpoints::Unknown);
                }
                News::NoOwnPod(trouble) => {
                    warn!("the deadline of this pod cannot be read (--own-pod): {trouble}");
                }
            }
        }
    }

    /// The gate closes: whatever else could be learned does not matter any more.
    pub(super) fn leave_the_cluster(&mut self) {
        let was_asked = self.cluster.inquiry.take().is_some();
        if let Some(trouble) = self.cluster.trouble.take().filter(|_| was_asked) {
            without_endpoints(&trouble);
        }
    }

    fn hear_of_endpoints(&mut self, standing: &Standing) {
        self.cluster.trouble = None;
        let endpoints = match standing {
            Standing::NotSelected => {
                info!("no Service selects this pod: waiting for no withdrawal");
                Endpoints::NotSelected
            }
            Standing::Offered(slice) => {
                info!(%slice, "a Service still offers this pod: waiting until it is withdrawn");
                Endpoints::Offered
            }
            Standing::Alone(service) => {
                info!(%service, "no other endpoint of this Service is ready: staying until one is");
                Endpoints::Alone
            }
            Standing::Withdrawn => {
                info!("withdrawn: no Service offers this pod any more");
                Endpoints::Withdrawn
            }
        };
        self.learn_endpoints(endpoints);
    }

    fn learn_endpoints(&mut self, endpoints: Endpoints) {
        if self.drain.phase() == Phase::LameDuck {
            self.endpoints = (endpoints, (endpoints != Endpoints::Unknown).then(Instant::now));
        }
        self.step(Event::Endpoints(endpoints));
    }

    fn hear_of_fellows(&mut self, fellows: Fellows) {
        match fellows {
            Fellows::At(addresses) => {
                debug!(fellows = addresses.len(), "late arrivals are relayed to the other ready endpoints");
                let fellow = |address: std::net::SocketAddr| Fellow {
                    host: address.ip().to_string(),
                    port: address.port(),
                };
                self.gatekeeper.relay_to(addresses.into_iter().map(fellow).collect());
            }
            Fellows::SeveralPorts(ports) => warn!(
                ?ports,
                "late arrivals are answered, not relayed: the Services have several ports of this pod; name one (--port), or \
                 give --relay-to"
            ),
        }
    }

    fn hear_of_own_pod(&mut self, own_pod: OwnPod) {
        let OwnPod { killed_at, has_load_balancer, .. } = own_pod;
        self.cluster.own_pod = Some(own_pod);
        if self.cluster.guesses && has_load_balancer {
            info!("a cloud's load balancer sends this pod traffic: --propagation cloud-lb");
            self.step(Event::Propagation(values::CLOUD_LB));
        }
        match killed_at.zip(self.times.stopped) {
            None => {
                info!(
                    "nobody has deleted this pod: it may be killed at any time, and no Service lets go of it"
                );
                self.step(Event::Unannounced);
            }
            Some((killed_at, stopped)) => {
                let deadline = killed_at.saturating_duration_since(stopped);
                debug!(?deadline, "this pod's deadline, from the stop signal on");
                self.deadline = Some(deadline);
                self.step(Event::Deadline(deadline));
            }
        }
    }
}

fn without_endpoints(trouble: &Trouble) {
    info!("going on without a look at the Services' endpoints (--withdrawal): {trouble}");
}
