//! A Deployment of two gunicorn pods behind a Service, as `restricted` permits it: plain, or under lameduck.
use super::cluster::{Namespace, PATIENCE};
use serde_json::{Value, json};
use std::env;

/// The Deployment's name, its Service's, and its pods' label `app`.
const NAME: &str = "web";

/// The image that the pods run: gunicorn, tests/servers/app.py, lameduck and the load program.
pub fn image() -> String {
    env::var("LAMEDUCK_TEST_IMAGE").unwrap_or_else(|_| "localhost/lameduck-tests:1".into())
}

/// What `restricted` asks of a container, and a root file system that nobody can write.
pub fn restricted() -> Value {
    json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// How a pod runs its gunicorn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pods<'a> {
    /// gunicorn's worker class.
    pub worker: &'a str,
    /// The words before gunicorn's own: empty, or `lameduck run OPTIONS --`.
    pub under: &'a [&'a str],
    /// Seconds that the kubelet sleeps before it sends TERM.
    pub pre_stop: Option<u32>,
}

/// One that is up.
#[derive(Debug)]
pub struct Deployment<'a>(&'a Namespace);

impl<'a> Deployment<'a> {
    /// Creates it and its Service, and waits until both pods are ready.
    pub fn new(namespace: &'a Namespace, pods: Pods) -> Self {
        namespace.apply(&service());
        namespace.apply(&deployment(pods));
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

    /// Deletes a pod, and waits until it is gone and another is ready.
    pub fn delete_one(&self) {
        let pods = self.pods();
        self.0.kubectl(&["delete", &pods[0]]);
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

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME},
        "spec": {"selector": {"app": NAME}, "ports": [{"port": 80, "targetPort": 8000}]},
    })
}

fn deployment(Pods { worker, under, pre_stop }: Pods) -> Value {
    let gunicorn = [
        "python3",
        "-m",
        "gunicorn",
        "--workers=2",
        "--threads=2",
        "--bind=0.0.0.0:8000",
        "--worker-tmp-dir=/dev/shm",
        "--worker-class",
        worker,
        "app:application",
    ];
    let command = [under, &gunicorn].concat();
    let lifecycle = pre_stop.map(|seconds| json!({"preStop": {"sleep": {"seconds": seconds}}}));
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": NAME}},
            // One more at a time, and never one less.
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": NAME}},
                "spec": {
                    "automountServiceAccountToken": false,
                    "terminationGracePeriodSeconds": 30,
                    "containers": [{
                        "name": NAME,
                        "image": image(),
                        "command": command,
                        "lifecycle": lifecycle,
                        "ports": [{"containerPort": 8000}],
                        "readinessProbe": {"httpGet": {"path": "/pid", "port": 8000}, "periodSeconds": 1, "timeoutSeconds": 5},
                        "securityContext": restricted(),
                    }],
                },
            },
        },
    })
}
