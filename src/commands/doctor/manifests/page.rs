//! What is said of manifests: for people, and as JSON. Lines and plan are those of `page`.
use crate::commands::doctor::finding::Finding;
use crate::commands::doctor::page::lines;
use crate::commands::doctor::promise::Plan;
use serde::Serialize;

/// Everything. Its serialized form is what `--json` prints: names are stable, fields are only added.
#[derive(Debug, Serialize)]
pub struct Page {
    /// lameduck's own version.
    pub version: &'static str,
    /// Each workload.
    pub workloads: Vec<Examined>,
}

/// One workload.
#[derive(Debug, Serialize)]
pub struct Examined {
    /// Such as `deployment/web`.
    pub workload: String,
    /// Its namespace, if it is said.
    pub namespace: Option<String>,
    /// The server's container.
    pub container: String,
    /// Whether lameduck is in it.
    pub has_lameduck: bool,
    /// What was seen, what weighs most first.
    pub findings: Vec<Finding>,
    /// What lameduck would do in such a pod.
    #[serde(flatten)]
    pub plan: Plan,
}

impl Page {
    /// The text, with a line end at its end.
    pub fn text(&self) -> String {
        let texts: Vec<String> = self.workloads.iter().map(Examined::text).collect();
        texts.join("\n")
    }

    /// Whether nothing is to be set.
    pub fn is_ok(&self) -> bool {
        self.workloads.iter().flat_map(|workload| &workload.findings).all(Finding::is_ok)
    }
}

impl Examined {
    fn text(&self) -> String {
        let namespace = self.namespace.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let place = if self.has_lameduck { "there" } else { "there, once it is in it" };
        format!(
            "{}{namespace}, container {}\n{}\n{}",
            self.workload,
            self.container,
            lines(&self.findings),
            self.plan.lines(place)
        )
    }
}
