//! One workload, the lameduck in its pods, and what belongs to it.
use super::Question;
use super::objects::{Objects, node, text};
use super::presence::Presence;
use crate::cli::{Elsewhere, Said};
use crate::commands::doctor::promise::Way;
use crate::drain::Policy;
use crate::inject::manifest::Workload;
use crate::inject::pod::{Pod, named, same_name};
use crate::inject::sleep::sleeps;
use crate::inject::tree::Node;
use crate::kubernetes::Permission;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the API server says that a service account may do; an error is why it is not known.
pub type Permissions = BTreeMap<Permission, Result<bool, String>>;

/// One workload.
#[derive(Debug)]
pub struct Case<'a> {
    /// Its pods' template, and the server's container.
    pub pod: &'a Pod<'a>,
    /// All objects that came with it.
    pub objects: &'a Objects<'a>,
    /// How lameduck is in it.
    pub presence: Presence<'a>,
    /// That way, or the one that is asked about.
    pub way: Way,
    /// lameduck's options.
    pub options: Elsewhere,
    /// Why lameduck takes none of those that it is given.
    pub refused: Option<String>,
    /// What follows for a drain.
    pub policy: Policy,
    /// `terminationGracePeriodSeconds`.
    pub grace: Duration,
    /// What the API server was asked; `None`: nobody asked it.
    pub permissions: Option<&'a Permissions>,
}

/// What is needed of a workload before the rest can be told.
pub fn pod<'a>(workload: &'a Workload<'a>, wanted: Option<&str>) -> Result<Pod<'a>, String> {
    let spec = workload.template.get("spec").ok_or("it has no containers")?;
    if let Some(name) = same_name(spec) {
        return Err(format!("two containers are called {name}"));
    }
    let all: Vec<(&Node, &str)> = named(spec, "containers").collect();
    let default =
        text(workload.template, &["metadata", "annotations", "kubectl.kubernetes.io/default-container"]);
    let of = |name: &str| all.iter().find(|(_, known)| *known == name);
    let with_lameduck = || {
        all.iter().find(|(container, _)| {
            matches!(Presence::of(spec, container), Presence::Run { .. } | Presence::Wait { .. })
        })
    };
    let asking =
        || all.iter().find(|(container, _)| node(container, &["lifecycle", "preStop", "httpGet"]).is_some());
    let listening = || all.iter().find(|(container, _)| node(container, &["ports"]).is_some());
    let chosen = match wanted {
        Some(name) => Some(of(name).ok_or_else(|| format!("it has no container {name}"))?),
        None => with_lameduck()
            .or_else(|| default.and_then(of))
            .or_else(asking)
            .or_else(listening)
            .or(all.first()),
    };
    let (container, container_name) = chosen.ok_or("it has no container with a name")?;
    Ok(Pod { workload, spec, container, container_name })
}

impl<'a> Case<'a> {
    /// Of a workload's pod.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn of(
        pod: &'a Pod<'a>,
        objects: &'a Objects<'a>,
        permissions: Option<&'a Permissions>,
        question: &Question,
    ) -> Result<Self, String> {
        let grace = Duration::from_secs(pod.grace_period()?);
        let presence = Presence::of(pod.spec, pod.container);
        let way = presence.way().unwrap_or(question.way);
        let verb = way.name();
        let mut said = presence.said(pod.workload);
        if !presence.is_there() && way != Way::Run {
            said = Said::default();
        }
        if way == Way::Sidecar && !presence.is_there() {
            // A sidecar does not start without; which one has no bearing here.
            said.words.push("--port=8000".to_owned());
        }
        let (options, refused) = match Elsewhere::read(verb, &said, &question.options) {
            Ok(options) => (options, None),
            Err(error) => {
                let server = Said { words: vec!["--".to_owned(), "server".to_owned()], ..Said::default() };
                (Elsewhere::read("run", &server, &[])?, Some(error))
            }
        };
        let mut policy = options.drain.policy(true, options.kill_after);
        if !presence.is_there() {
            // As `inject` writes it.
            policy.deadline.get_or_insert(grace);
        }
        Ok(Self { pod, objects, presence, way, options, refused, policy, grace, permissions })
    }

    /// The Services that select its pods.
    pub fn services(&self) -> Vec<&'a Node> {
        self.objects.services(self.pod.workload)
    }

    /// How long its preStop hook only sleeps.
    pub fn slept(&self) -> Option<Duration> {
        sleeps(self.pod.pre_stop()?)
    }

    /// The server's command line, as far as the manifest tells.
    pub fn server(&self) -> Vec<String> {
        match &self.presence {
            Presence::Run { words: Some(_), .. } if self.refused.is_none() => {
                self.options.server.iter().map(|word| word.to_string_lossy().into_owned()).collect()
            }
            Presence::Run { words: None, .. } => Vec::new(),
            _ => super::presence::words(self.pod.container),
        }
    }

    /// How much time the server has when the drain has taken all of its own.
    pub fn left_to_the_server(&self) -> Duration {
        let policy = &self.policy;
        let until_killed = |grace: Duration| grace.saturating_sub(policy.limit());
        match (self.presence.way(), policy.deadline) {
            (None, _) => self.grace.saturating_sub(self.slept().unwrap_or_default()),
            (Some(Way::Run), Some(deadline)) => until_killed(deadline).min(policy.kill_after),
            (Some(Way::Run), None) => until_killed(self.grace).min(policy.kill_after),
            (Some(Way::Wait | Way::Sidecar), deadline) => until_killed(deadline.unwrap_or(self.grace)),
        }
    }
}
