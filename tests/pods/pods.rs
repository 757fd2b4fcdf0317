//! The pods that a scene runs: those of a manifest that users are given (deploy/kubernetes), with the image, the worker class and
//! whatever else the scene changes. What is changed is JSON, so that a scene can change anything.
use super::cluster::{Namespace, image, read};
use super::workload::{NAME, Workload};
use serde_json::{Value, json};

/// A workload that is to be: a Deployment of two pods, unless it is changed, and the objects that belong to it.
#[derive(Debug, Clone)]
pub struct Pods {
    workload: Value,
    /// Its Service, and what else the manifest has.
    others: Vec<Value>,
    /// Where lameduck runs: `containers` or `initContainers`, always the first of them.
    lameduck: &'static str,
}

/// What `restricted` asks of a container, and a root file system that nobody can write.
pub fn restricted() -> Value {
    json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// The command line of a gunicorn of this worker class.
fn gunicorn(worker: &str) -> Vec<String> {
    // Not for sync, which with threads is gthread.
    let threads = (worker == "gthread").then_some("--threads=2");
    let worker = format!("--worker-class={worker}");
    let words = ["gunicorn", "--workers=2", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm", &worker];
    words.into_iter().chain(threads).chain(["app:application"]).map(str::to_owned).collect()
}

impl Pods {
    /// gunicorn alone: the pods of [`Self::under_lameduck`] without it.
    pub fn plain(worker: &str) -> Self {
        let mut pods = Self::under_lameduck(worker);
        pods.container()["command"] = Value::Null;
        pods
    }

    /// lameduck is process 1 and starts gunicorn: `deploy/kubernetes/gunicorn.yaml`.
    pub fn under_lameduck(worker: &str) -> Self {
        Self::of("gunicorn.yaml", "containers", worker)
    }

    /// gunicorn is process 1, and `lameduck wait` its preStop hook: `deploy/kubernetes/hook.yaml`.
    pub fn with_hook(worker: &str) -> Self {
        Self::of("hook.yaml", "containers", worker)
    }

    /// gunicorn is process 1, and lameduck beside it: `deploy/kubernetes/sidecar.yaml`.
    pub fn with_sidecar(worker: &str) -> Self {
        Self::of("sidecar.yaml", "initContainers", worker)
    }

    fn of(manifest: &str, lameduck: &'static str, worker: &str) -> Self {
        let (workloads, others): (Vec<_>, Vec<_>) =
            read(manifest).into_iter().partition(|object| object["kind"] == "Deployment");
        let workload = workloads.into_iter().next().unwrap_or_else(|| panic!("{manifest}: no Deployment"));
        let mut pods = Self { workload, others, lameduck };
        pods.lameduck()["image"] = image().into();
        let container = pods.container();
        container["image"] = image().into();
        container["args"] = gunicorn(worker).into();
        pods
    }

    /// The pod's `metadata`.
    pub fn metadata(&mut self) -> &mut Value {
        &mut self.workload["spec"]["template"]["metadata"]
    }

    /// The pod's `spec`.
    pub fn spec(&mut self) -> &mut Value {
        &mut self.workload["spec"]["template"]["spec"]
    }

    /// gunicorn's container.
    pub fn container(&mut self) -> &mut Value {
        &mut self.spec()["containers"][0]
    }

    /// The container that lameduck runs in.
    pub fn lameduck(&mut self) -> &mut Value {
        let list = self.lameduck;
        &mut self.spec()[list][0]
    }

    /// How a Deployment replaces its pods.
    pub fn strategy(&mut self) -> &mut Value {
        &mut self.workload["spec"]["strategy"]
    }

    /// The Service.
    pub fn service(&mut self) -> &mut Value {
        let service = self.others.iter_mut().find(|object| object["kind"] == "Service");
        &mut service.expect("a Service")["spec"]
    }

    /// Changes anything of it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// A StatefulSet instead of a Deployment: pods are replaced one after the other, by ones of the same name.
    #[must_use]
    pub fn stateful(mut self) -> Self {
        self.workload["kind"] = "StatefulSet".into();
        self.workload["spec"]["serviceName"] = NAME.into();
        self.workload["spec"].as_object_mut().unwrap().remove("strategy");
        self
    }

    /// They have this label, too.
    #[must_use]
    pub fn labelled(mut self, name: &str, value: &str) -> Self {
        self.workload["spec"]["template"]["metadata"]["labels"][name] = value.into();
        self
    }

    /// gunicorn has this option, too.
    #[must_use]
    pub fn gunicorn(self, option: &str) -> Self {
        self.with(|pods| {
            let words = pods.container()["args"].as_array_mut().unwrap();
            // The application is the last.
            words.insert(words.len() - 1, option.into());
        })
    }

    /// With the seccomp profile that a pod has where nobody asks for one: none. `restricted` forbids that.
    #[must_use]
    pub fn unconfined(self) -> Self {
        self.with(|pods| {
            for list in ["containers", "initContainers"] {
                let containers = pods.spec()[list].as_array_mut().into_iter().flatten();
                containers.for_each(|container| {
                    container["securityContext"].as_object_mut().unwrap().remove("seccompProfile");
                });
            }
        })
    }

    /// So many.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.workload["spec"]["replicas"] = replicas.into();
        self
    }

    /// A variable of lameduck's environment.
    #[must_use]
    pub fn environment(self, name: &str, value: &str) -> Self {
        self.with(|pods| {
            let variables = &mut pods.lameduck()["env"];
            let mut others = variables.as_array().cloned().unwrap_or_default();
            others.retain(|variable| variable["name"] != name);
            others.push(json!({"name": name, "value": value}));
            *variables = others.into();
        })
    }

    /// The kubelet sleeps so many seconds before it sends TERM.
    #[must_use]
    pub fn sleeping(self, seconds: u32) -> Self {
        self.with(|pods| {
            pods.container()["lifecycle"] = json!({"preStop": {"sleep": {"seconds": seconds}}});
        })
    }

    /// With the service account `web`, whose token they have.
    #[must_use]
    pub fn granted(self) -> Self {
        self.with(|pods| {
            pods.spec()["serviceAccountName"] = "web".into();
            pods.spec()["automountServiceAccountToken"] = true.into();
        })
    }

    /// They are killed so many seconds after they were deleted.
    #[must_use]
    pub fn grace_period(self, seconds: u32) -> Self {
        let deadline = format!("{seconds}s");
        self.with(|pods| pods.spec()["terminationGracePeriodSeconds"] = seconds.into())
            .environment("LAMEDUCK_DEADLINE", &deadline)
    }

    /// All of it, as a manifest has it.
    pub fn objects(&self) -> Value {
        let items: Vec<&Value> = self.others.iter().chain([&self.workload]).collect();
        json!({"apiVersion": "v1", "kind": "List", "items": items})
    }

    /// Creates them, and waits until they are ready.
    pub fn start<'a>(&self, namespace: &'a Namespace) -> Workload<'a> {
        for object in self.others.iter().chain([&self.workload]) {
            namespace.apply(object);
        }
        let workload = Workload::new(namespace, self.workload["kind"].as_str().unwrap());
        workload.wait_until_available();
        workload
    }
}
