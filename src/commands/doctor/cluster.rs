//! What the API server permits this pod's service account, and what it says of this pod.
use super::around::Cluster;
use super::finding::Finding;
use super::trouble::{seen, way_out};
use crate::cli::HookArgs;
use crate::kubernetes::{Endpoints, Permission, PodSays, Settings, Standing, Survey, Trouble, survey};

const SERVER: &str = "API server";
const POD: &str = "this pod";

impl Cluster {
    /// Asks, where there is somebody to ask.
    pub fn asked(options: &HookArgs, in_kubernetes: bool) -> Self {
        if !in_kubernetes {
            let nobody = "nobody to ask: this is not Kubernetes (KUBERNETES_SERVICE_HOST is not set)";
            return Self { findings: vec![Finding::ok(SERVER, nobody)], ..Self::default() };
        }
        let settings = options.kubernetes.all_settings();
        match survey(&settings) {
            Ok(survey) => Self::of(&survey, &settings, options.drain.propagation.is_some()),
            Err(trouble) => Self { findings: vec![unasked(&trouble, &settings)], ..Self::default() },
        }
    }

    fn of(survey: &Survey, settings: &Settings, propagation_is_set: bool) -> Self {
        let mut findings =
            vec![Finding::ok(SERVER, format!("answers for the namespace {}", survey.namespace))];
        findings.extend(survey.permissions.iter().map(|(permission, answer)| {
            // A list that was tried says more than what was said of it.
            let failed = match (permission, &survey.endpoints, &survey.pod) {
                (Permission::ListSlices, Some(Err(trouble)), _)
                | (Permission::GetPods, _, Some(Err(trouble))) => Some(trouble),
                _ => None,
            };
            permitted(*permission, answer, failed, settings)
        }));
        let endpoints = survey.endpoints.as_ref().and_then(|answer| answer.as_ref().ok());
        findings.extend(endpoints.map(|endpoints| among(endpoints, survey, settings)));
        let pod = survey.pod.as_ref().and_then(|answer| answer.as_ref().ok());
        let has_load_balancer = pod.is_some_and(|PodSays { has_load_balancer, .. }| *has_load_balancer);
        if has_load_balancer && !propagation_is_set && !settings.own_pod {
            findings.push(Finding::weaker(
                "propagation",
                "a cloud's load balancer sends this pod traffic (readinessGates), and lameduck is not told",
                "set --propagation cloud-lb, or --own-pod read",
            ));
        }
        let may_watch = survey
            .permissions
            .iter()
            .any(|(permission, answer)| *permission == Permission::WatchSlices && matches!(answer, Ok(true)));
        Self {
            findings,
            grace_period: pod.and_then(|pod| pod.grace_period),
            reads_pod: settings.own_pod && pod.is_some(),
            sees_withdrawal: settings.withdrawal && endpoints.is_some() && may_watch,
        }
    }
}

/// Which option asks for it; `None`: none does, with these.
pub fn asks_for(permission: Permission, settings: &Settings) -> Option<&'static str> {
    match permission {
        Permission::ListSlices | Permission::WatchSlices => settings.withdrawal.then_some("--withdrawal off"),
        Permission::GetPods => settings.own_pod.then_some("--own-pod leave"),
        Permission::CreateEvents => settings.events.then_some("--events off"),
    }
}

/// What its line is called.
pub fn subject(permission: Permission) -> &'static str {
    match permission {
        Permission::ListSlices => "list endpointslices",
        Permission::WatchSlices => "watch endpointslices",
        Permission::GetPods => "get pods",
        Permission::CreateEvents => "create events",
    }
}

fn permitted(
    permission: Permission,
    answer: &Result<bool, Trouble>,
    failed: Option<&Trouble>,
    settings: &Settings,
) -> Finding {
    let subject = subject(permission);
    let (verb, group, resource) = permission.rule();
    let seen = match (answer, failed) {
        (_, Some(trouble)) | (Err(trouble), None) => seen(trouble),
        (Ok(true), None) => "the service account may".to_owned(),
        (Ok(false), None) => "the service account may not".to_owned(),
    };
    let Some(without) = asks_for(permission, settings) else {
        return Finding::ok(subject, format!("{seen}; it is not asked for"));
    };
    match (answer, failed) {
        (Ok(true), None) => Finding::ok(subject, seen),
        (Ok(true), Some(trouble)) => Finding::weaker(subject, seen, way_out(trouble)),
        (Ok(false) | Err(_), _) => {
            let group = if group.is_empty() { "\"\"" } else { group };
            let rule = format!("{{apiGroups: [{group}], resources: [{resource}], verbs: [{verb}]}}");
            Finding::weaker(subject, seen, format!("grant it by a Role, {rule}, or do not ask: {without}"))
        }
    }
}

/// Where this pod is among the endpoints.
fn among(endpoints: &Endpoints, survey: &Survey, settings: &Settings) -> Finding {
    let name = &survey.identity.name;
    let services: Vec<&str> = endpoints.services.iter().map(String::as_str).collect();
    if services.is_empty() {
        let ips: Vec<String> = survey.identity.ips.iter().map(ToString::to_string).collect();
        let who = if ips.is_empty() { name.clone() } else { format!("{name} ({})", ips.join(", ")) };
        let seen = match settings.services.as_slice() {
            [] => format!("{who} is an endpoint of no Service of {}", survey.namespace),
            named => format!("{who} is no endpoint of {}", named.join(", ")),
        };
        return Finding::weaker(
            POD,
            seen,
            "if a Service selects it, set LAMEDUCK_POD_NAME and LAMEDUCK_POD_UID by the downward API; if none does, \
             --withdrawal off",
        );
    }
    let seen = format!("{name} is an endpoint of {}", services.join(", "));
    match &endpoints.standing {
        Standing::Alone(service) => Finding::ok(
            POD,
            format!("{seen}; no other of {service} is ready: it stays at its stop until one is"),
        ),
        Standing::Withdrawn => Finding::ok(POD, format!("{seen}; none offers it now")),
        Standing::Offered(_) | Standing::NotSelected => Finding::ok(POD, seen),
    }
}

/// The API server tells nothing at all.
fn unasked(trouble: &Trouble, settings: &Settings) -> Finding {
    if settings.withdrawal || settings.own_pod || settings.events {
        return Finding::missing(SERVER, seen(trouble), way_out(trouble));
    }
    Finding::ok(SERVER, format!("{}; it is not asked for anything", seen(trouble)))
}
