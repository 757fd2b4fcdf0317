//! One pod's template, and what it says.
use super::manifest::Workload;
use super::options::Options;
use super::tree::Node;
use std::collections::HashSet;

/// A pod's template with the container that is to be drained.
#[derive(Debug)]
pub struct Pod<'a> {
    /// What it belongs to.
    pub workload: &'a Workload<'a>,
    /// Its spec.
    pub spec: &'a Node,
    /// The container, and its name.
    pub container: &'a Node,
    pub container_name: &'a str,
}

/// Which container of a template is meant.
#[derive(Debug)]
pub enum Choice<'a> {
    /// This one.
    Pod(Pod<'a>),
    /// The one that was named is not there.
    NotHere,
    /// It has to be named, or something is wrong.
    Unclear(String),
}

/// Chooses the container: the one that is named, the only one, or kubectl's default one.
pub fn choose<'a>(workload: &'a Workload<'a>, options: &Options) -> Choice<'a> {
    let Some(spec) = workload.template.get("spec") else { return Choice::NotHere };
    let containers: Vec<(&Node, &str)> = named(spec, "containers").collect();
    if let Some(name) = same_name(spec) {
        return Choice::Unclear(format!("two containers are called {name}"));
    }
    let annotations = workload.template.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let default =
        annotations.and_then(|all| all.get("kubectl.kubernetes.io/default-container")).and_then(Node::text);
    let wanted = options.container.as_deref().or(default.filter(|_| containers.len() > 1));
    let pod = |&(container, container_name): &(&'a Node, &'a str)| Pod {
        workload,
        spec,
        container,
        container_name,
    };
    match (wanted, &containers[..]) {
        (Some(wanted), _) => containers
            .iter()
            .find(|(_, name)| *name == wanted)
            .map_or(Choice::NotHere, |found| Choice::Pod(pod(found))),
        (None, [only]) => Choice::Pod(pod(only)),
        (None, []) => Choice::Unclear("it has no container with a name".to_owned()),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
            Choice::Unclear(format!(
                "it has the containers {}: name the server's with --container",
                names.join(", ")
            ))
        }
    }
}

/// A name that two containers of a pod have.
pub fn same_name(spec: &Node) -> Option<&str> {
    let mut all = named(spec, "initContainers").chain(named(spec, "containers"));
    let mut seen = HashSet::new();
    all.find(|(_, name)| !seen.insert(*name)).map(|(_, name)| name)
}

/// The items of a list that have a name.
pub fn named<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = (&'a Node, &'a str)> {
    let items = node.get(key).map(Node::items).unwrap_or_default();
    items.iter().filter_map(|item| Some((item, item.get("name")?.text()?)))
}

/// What the API server fills in (`DefaultTerminationGracePeriodSeconds` in Kubernetes' pkg/apis/core/v1), seconds.
const GRACE_PERIOD: u64 = 30;

impl<'a> Pod<'a> {
    /// `terminationGracePeriodSeconds`.
    ///
    /// # Errors
    /// When it is no number.
    pub fn grace_period(&self) -> Result<u64, String> {
        let Some(node) = self.spec.get("terminationGracePeriodSeconds").filter(|node| !node.is_null()) else {
            return Ok(GRACE_PERIOD);
        };
        let read = node.text().and_then(|text| text.parse().ok());
        read.ok_or_else(|| {
            format!("line {}: terminationGracePeriodSeconds is no number of seconds", node.line)
        })
    }

    /// What the container has under these keys.
    pub fn of_container(&self, keys: &[&str]) -> Option<&'a Node> {
        below(self.container, keys)
    }

    /// What the pod's spec has under these keys.
    pub fn of_spec(&self, keys: &[&str]) -> Option<&'a Node> {
        below(self.spec, keys)
    }

    /// A variable of the container's.
    pub fn env(&self, name: &str) -> Option<&'a Node> {
        named(self.container, "env").find(|(_, known)| *known == name).map(|(entry, _)| entry)
    }

    /// The container's preStop hook.
    pub fn pre_stop(&self) -> Option<&'a Node> {
        self.of_container(&["lifecycle", "preStop"])
    }

    /// The container's command.
    pub fn command(&self) -> &'a [Node] {
        self.of_container(&["command"]).map(Node::items).unwrap_or_default()
    }

    /// The container's user id, by its own security context or the pod's.
    pub fn user(&self) -> Option<i64> {
        let of = |node: Option<&Node>| node.and_then(Node::text).and_then(|text| text.parse().ok());
        of(self.of_container(&["securityContext", "runAsUser"]))
            .or_else(|| of(self.of_spec(&["securityContext", "runAsUser"])))
    }

    /// The pod's service account.
    pub fn service_account(&self) -> &'a str {
        let named =
            ["serviceAccountName", "serviceAccount"].iter().find_map(|key| self.of_spec(&[key])?.text());
        named.filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// Whether its containers are given its service account's token, as far as the manifest tells: the account may say no, too.
    pub fn has_token(&self) -> bool {
        self.of_spec(&["automountServiceAccountToken"]).and_then(Node::text) != Some("false")
    }

    /// Whether its quality of service is Guaranteed: each container's limits of cpu and memory are its requests
    /// (`ComputePodQOS` in Kubernetes' pkg/apis/core/v1/helper/qos). One container that is not would end it.
    pub fn is_guaranteed(&self) -> bool {
        let containers = named(self.spec, "containers").chain(named(self.spec, "initContainers"));
        containers.map(|(container, _)| container).all(|container| {
            ["cpu", "memory"].iter().all(|resource| {
                let limit = below(container, &["resources", "limits", resource]).and_then(Node::text);
                let request = below(container, &["resources", "requests", resource]).and_then(Node::text);
                limit.is_some() && request.is_none_or(|request| Some(request) == limit)
            })
        })
    }
}

/// What is under these keys, one below the other; `None` too where that is null.
pub fn below<'a>(node: &'a Node, keys: &[&str]) -> Option<&'a Node> {
    keys.iter().try_fold(node, |node, key| node.get(key)).filter(|node| !node.is_null())
}
