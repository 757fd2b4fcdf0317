//! A Deployment of two gunicorn pods behind a Service: that of `deploy/kubernetes/gunicorn.yaml`.
use super::cluster::{Namespace, PATIENCE, image};
use serde_json::{Value, json};

/// What users are given.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/kubernetes/gunicorn.yaml");

/// The Deployment's name, its Service's, and its pods' label `app`.
const NAME: &str = "web";

/// What `restricted` asks of a container, and a root file system that nobody can write.
pub fn restricted() -> Value {
    json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// How a pod runs its gunicorn.
#[derive(Debug, Clone, Copy)]
pub struct Pods<'a> {
    /// gunicorn's worker class.
    pub worker: &'a str,
    /// Whether lameduck is process 1, or gunicorn.
    pub under_lameduck: bool,
    /// Seconds that the kubelet sleeps before it sends TERM.
    pub pre_stop: Option<u32>,
}

impl<'a> Pods<'a> {
    /// gunicorn alone.
    pub fn plain(worker: &'a str) -> Self {
        Self { worker, under_lameduck: false, pre_stop: None }
    }

    /// As the manifest has it.
    pub fn under_lameduck(worker: &'a str) -> Self {
        Self { worker, under_lameduck: true, pre_stop: None }
    }

    /// What is otherwise in the manifest's container.
    fn change(&self, container: &mut Value) {
        container["image"] = image().into();
        if !self.under_lameduck {
            container["command"] = Value::Null;
        }
        if let Some(seconds) = self.pre_stop {
            container["lifecycle"] = json!({"preStop": {"sleep": {"seconds": seconds}}});
        }
        let words = container["args"].as_array_mut().unwrap();
        let application = words.pop();
        words.push(format!("--worker-class={}", self.worker).into());
        if self.worker == "gthread" {
            // Not for sync, which with threads is gthread.
            words.push("--threads=2".into());
        }
        words.extend(application);
    }
}

/// One that is up.
#[derive(Debug)]
pub struct Deployment<'a>(&'a Namespace);

impl<'a> Deployment<'a> {
    /// Creates it and its Service, and waits until both pods are ready.
    pub fn new(namespace: &'a Namespace, pods: Pods) -> Self {
        for mut object in namespace.read(MANIFEST) {
            if object["kind"] == "Deployment" {
                pods.change(&mut object["spec"]["template"]["spec"]["containers"][0]);
            }
            namespace.apply(&object);
        }
        let deployment = Self(namespace);
        deployment.wait_until_available();
        deployment
    }

    /// The address of its Service.
    pub fn address(&self) -> String {
        let service = self.0.get(&["service", NAME]);
        format!("{}:80", service["spec"]["clusterIP"].as_str().unwrap())
    }

    /// The names of its pods, as `pod/NAME`.
    pub fn pods(&self) -> Vec<String> {
        let label = format!("--selector=app={NAME}");
        let names = self.0.kubectl(&["get", "pods", &label, "--output", "name"]);
        names.lines().map(str::to_owned).collect()
    }

    /// Replaces all its pods, and waits until the new ones are ready and the old ones are gone.
    pub fn restart(&self) {
        let old = self.pods();
        self.0.kubectl(&["rollout", "restart", &format!("deployment/{NAME}")]);
        self.wait_until_available();
        self.wait_until_gone(&old);
    }

    /// Runs so many pods from now on; waits until they are ready, and the others gone.
    pub fn scale(&self, replicas: usize) {
        let old = self.pods();
        self.0.kubectl(&["scale", &format!("deployment/{NAME}"), &format!("--replicas={replicas}")]);
        self.wait_until_available();
        // Those that have to go are marked at once, and stay to be seen until they have ended.
        let stays = |pod: &String| {
            let pod = self.0.kubectl(&["get", pod, "--ignore-not-found", "--output", "json"]);
            !pod.is_empty() && !pod.contains("\"deletionTimestamp\"")
        };
        let going: Vec<_> = old.into_iter().filter(|pod| !stays(pod)).collect();
        self.wait_until_gone(&going);
    }

    /// Deletes two of its pods at once, and waits until they are gone and others are ready.
    pub fn delete_two(&self) {
        let pods = self.pods();
        self.0.kubectl(&["delete", &pods[0], &pods[1]]);
        self.wait_until_available();
    }

    /// Waits until all pods that it wants are ready, and no others count.
    pub fn wait_until_available(&self) {
        self.0.kubectl(&[
            "rollout",
            "status",
            &format!("deployment/{NAME}"),
            &format!("--timeout={PATIENCE}"),
        ]);
    }

    fn wait_until_gone(&self, pods: &[String]) {
        for pod in pods {
            // One that has gone already is no error of `wait --for=delete`.
            self.0.wait_for("delete", &[pod]);
        }
    }
}
