//! What the API server would answer at a stop, asked now: for `lameduck doctor`. Each thing once, all of it within
//! [`WITHIN`], and nothing is changed there.
use super::api::{Api, Asked, parse};
use super::objects::{EndpointSlice, Pod, Review};
use super::permission::SELF_REVIEWS;
use super::slices::{Slices, service};
use super::{Identity, Permission, Settings, Standing, Trouble, own_pod};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tracing::subscriber::NoSubscriber;

/// Six requests, each answered within milliseconds by an API server that is well.
const WITHIN: Duration = Duration::from_secs(10);

const REVIEW: Asked = Asked {
    verb: "create",
    what: "selfsubjectaccessreviews.authorization.k8s.io",
    option: "--withdrawal off",
};

/// What was answered.
#[derive(Debug)]
pub struct Survey {
    /// The namespace of this pod.
    pub namespace: String,
    /// Who this pod is.
    pub identity: Identity,
    /// What the service account may do.
    pub permissions: Vec<(Permission, Result<bool, Trouble>)>,
    /// Where this pod is among the endpoints; `None`: they may not be listed.
    pub endpoints: Option<Result<Endpoints, Trouble>>,
    /// What its object says; `None`: it may not be read.
    pub pod: Option<Result<PodSays, Trouble>>,
}

/// Where this pod is among the endpoints of its namespace.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The Services that have it.
    pub services: BTreeSet<String>,
    /// Whether traffic is sent to it.
    pub standing: Standing,
}

/// What this pod's object says of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodSays {
    /// `spec.terminationGracePeriodSeconds`.
    pub grace_period: Option<Duration>,
    /// A cloud's load balancer sends it traffic.
    pub has_load_balancer: bool,
}

/// Asks.
///
/// # Errors
/// What keeps the API server from being asked anything: its address, the service account's files, the connection, the token.
pub fn survey(settings: &Settings) -> Result<Survey, Trouble> {
    // What the libraries have to say is told by a Trouble.
    let _quiet = tracing::subscriber::set_default(NoSubscriber::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .map_err(Trouble::Thread)?;
    let asked = async { timeout(WITHIN, ask(settings)).await.unwrap_or(Err(Trouble::Late(WITHIN))) };
    let survey = runtime.block_on(asked);
    // A name that is being looked up keeps nobody waiting.
    runtime.shutdown_background();
    survey
}

async fn ask(settings: &Settings) -> Result<Survey, Trouble> {
    let api = Api::open(settings)?;
    let mut permissions = Vec::new();
    for permission in Permission::ALL {
        permissions.push((
            permission,
            match api.may(permission).await {
                // It is this one question that may not be asked.
                Err(trouble @ Trouble::Forbidden { .. }) => Err(trouble),
                answer => Ok(answer?),
            },
        ));
    }
    // Where that is not told, it is tried.
    let may = |wanted| {
        permissions
            .iter()
            .any(|(permission, answer)| *permission == wanted && *answer.as_ref().unwrap_or(&true))
    };
    let endpoints = if may(Permission::ListSlices) { Some(api.endpoints(settings).await) } else { None };
    let pod = if may(Permission::GetPods) { Some(api.pod_says().await) } else { None };
    let (namespace, identity) = (api.namespace().to_owned(), api.identity);
    Ok(Survey { namespace, identity, permissions, endpoints, pod })
}

impl Api {
    /// Whether the service account is granted this.
    async fn may(&self, permission: Permission) -> Result<bool, Trouble> {
        let review = permission.review(self.namespace());
        let (answer, _) = self.ask(REVIEW, SELF_REVIEWS, Some(&review)).await?;
        let review: Review = parse(&answer)?;
        let status = review.status.ok_or_else(|| Trouble::Unreadable("it has no status".to_owned()))?;
        Ok(status.allowed)
    }

    async fn endpoints(&self, settings: &Settings) -> Result<Endpoints, Trouble> {
        let (list, _) = self.slices().await?;
        Ok(Endpoints::of(list, &settings.services, &self.identity))
    }

    async fn pod_says(&self) -> Result<PodSays, Trouble> {
        let asked = Instant::now();
        let (bytes, date) = self.ask(super::api::POD, &self.own_path(), None).await?;
        let pod: Pod = parse(&bytes)?;
        let stop = own_pod::read(&pod, &self.identity, date.as_deref(), asked)?;
        let seconds = pod.spec.and_then(|spec| spec.termination_grace_period_seconds);
        let grace_period = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        Ok(PodSays { grace_period, has_load_balancer: stop.has_load_balancer })
    }
}

impl Endpoints {
    /// What a list of slices says. Pure.
    pub fn of(list: Vec<EndpointSlice>, named: &[String], identity: &Identity) -> Self {
        let has_us = |slice: &&EndpointSlice| slice.endpoints.iter().any(|one| identity.is(one));
        let services = list.iter().filter(has_us).map(service).collect();
        let standing = Slices::new(list, named, identity, None).standing(identity);
        Self { services, standing }
    }
}
