//! A Deployment or a StatefulSet that is up behind its Service, and what is done to it.
use super::cluster::{Namespace, PATIENCE, wait_for};

/// Its name, its Service's, and its pods' label `app`.
pub const NAME: &str = "web";

/// What kubectl finds its pods by.
pub const SELECTOR: &str = "--selector=app=web";

/// What kubectl finds its Service's slices by.
pub const SLICES: &str = "--selector=kubernetes.io/service-name=web";

/// One that is up.
#[derive(Debug)]
pub struct Workload<'a> {
    namespace: &'a Namespace,
    /// As kubectl takes it: `KIND/NAME`.
    object: String,
}

impl<'a> Workload<'a> {
    /// That of this kind.
    pub fn new(namespace: &'a Namespace, kind: &str) -> Self {
        Self { namespace, object: format!("{}/{NAME}", kind.to_lowercase()) }
    }

    /// The address of its Service.
    pub fn address(&self) -> String {
        let service = self.namespace.get(&["service", NAME]);
        format!("{}:80", service["spec"]["clusterIP"].as_str().unwrap())
    }

    /// The names of its pods, as `pod/NAME`.
    pub fn pods(&self) -> Vec<String> {
        let names = self.namespace.kubectl(&["get", "pods", SELECTOR, "--output", "name"]);
        names.lines().map(str::to_owned).collect()
    }

    /// The unique ids of its pods: a StatefulSet gives names again.
    pub fn unique_ids(&self) -> Vec<String> {
        let ids = "jsonpath={range .items[*]}{.metadata.uid}{\"\\n\"}{end}";
        let ids = self.namespace.kubectl(&["get", "pods", SELECTOR, "--output", ids]);
        ids.lines().map(str::to_owned).collect()
    }

    /// Replaces all its pods, and waits until the new ones are ready and the old ones are gone: those are given.
    pub fn restart(&self) -> Vec<String> {
        let old = self.unique_ids();
        self.namespace.kubectl(&["rollout", "restart", &self.object]);
        self.wait_until_available();
        self.wait_until_gone(&old);
        old
    }

    /// Runs so many pods from now on; waits until they are ready, and the others gone.
    pub fn scale(&self, replicas: usize) {
        self.namespace.kubectl(&["scale", &self.object, &format!("--replicas={replicas}")]);
        wait_for("the pods that are wanted, and no others", || {
            (self.unique_ids().len() == replicas).then_some(())
        });
        self.wait_until_available();
    }

    /// Deletes two of its pods at once, and waits until they are gone and others are ready.
    pub fn delete_two(&self) {
        let pods = self.pods();
        self.namespace.kubectl(&["delete", &pods[0], &pods[1]]);
        self.wait_until_available();
    }

    /// Waits until all pods that it wants are ready, and no others count.
    pub fn wait_until_available(&self) {
        let patience = format!("--timeout={}s", PATIENCE.as_secs());
        self.namespace.kubectl(&["rollout", "status", &self.object, &patience]);
    }

    /// Waits until none of these pods is there any more, by their unique ids.
    pub fn wait_until_gone(&self, old: &[String]) {
        wait_for("the end of the old pods", || {
            (!self.unique_ids().iter().any(|pod| old.contains(pod))).then_some(())
        });
    }
}
