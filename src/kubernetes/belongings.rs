//! A workload of the cluster, and what belongs to it: Services, Ingresses, autoscalers, its service account and what that may do. Asked once, as
//! whoever runs `lameduck doctor deployment/web`: by KUBECONFIG, or by the service account of the pod that it runs in. Nothing is changed.
use super::Permission;
use super::access::chain;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use kube::api::PostParams;
use kube::core::Request;
use kube::{Client, Config, Error};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use tracing::subscriber::NoSubscriber;

/// Nine requests, and perhaps a program that fetches a token first.
const WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Kinds that have pods: name, resource, and the version of the API that they are in.
const KINDS: [(&str, &str, &str); 6] = [
    ("deployment", "deployments", "/apis/apps/v1"),
    ("statefulset", "statefulsets", "/apis/apps/v1"),
    ("daemonset", "daemonsets", "/apis/apps/v1"),
    ("replicaset", "replicasets", "/apis/apps/v1"),
    ("replicationcontroller", "replicationcontrollers", "/api/v1"),
    ("pod", "pods", "/api/v1"),
];
/// What may belong to them: kind, resource, version, and what is not known without.
const BESIDE: [(&str, &str, &str, &str); 3] = [
    ("Service", "services", "/api/v1", "who sends the pods traffic, and readiness probes that are missing"),
    ("Ingress", "ingresses", "/apis/networking.k8s.io/v1", "whether an Ingress leads to them"),
    (
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "/apis/autoscaling/v2",
        "whether an autoscaler goes by their requests",
    ),
];

/// What was read.
#[derive(Debug)]
pub struct Belongings {
    /// A List of the objects, as JSON.
    pub text: String,
    /// What the workload's service account may do; an error is why it is not known.
    pub permissions: Vec<(Permission, Result<bool, String>)>,
    /// What could not be read.
    pub notes: Vec<String>,
}

/// Why there is nothing; each a sentence.
#[derive(Debug)]
pub enum Unread {
    /// The object is not there, or may not be read.
    NotThere(String),
    /// The API server could not be asked.
    NotAsked(String),
}

/// Reads them. `namespace`: where the object is; `None`: where the configuration says.
///
/// # Errors
/// When the object cannot be read. What belongs to it may be missing.
pub fn belongings(kind: &str, name: &str, namespace: Option<&str>) -> Result<Belongings, Unread> {
    // What the libraries have to say is told by the sentence.
    let _quiet = tracing::subscriber::set_default(NoSubscriber::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unread::NotAsked(format!("cannot ask the API server: {error}")))?;
    let late = || {
        Unread::NotAsked(format!(
            "the API server has not answered within {WITHIN:?}: look at KUBECONFIG, and at what is between"
        ))
    };
    let read = async { timeout(WITHIN, read(kind, name, namespace)).await.unwrap_or_else(|_| Err(late())) };
    let read = runtime.block_on(read);
    runtime.shutdown_background();
    read
}

async fn read(kind: &str, name: &str, namespace: Option<&str>) -> Result<Belongings, Unread> {
    let mut config = Config::infer().await.map_err(|error| {
        Unread::NotAsked(format!(
            "no cluster is known: set KUBECONFIG, or run it in a pod ({})",
            chain(&error)
        ))
    })?;
    config.connect_timeout = Some(CONNECT_WITHIN);
    config.default_retry = false;
    let namespace = namespace.map_or_else(|| config.default_namespace.clone(), str::to_owned);
    let client = Client::try_from(config)
        .map_err(|error| Unread::NotAsked(format!("KUBECONFIG makes no client: {}", chain(&error))))?;
    let api = Reader { client, namespace };
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    let (_, resource, version) =
        known.ok_or_else(|| Unread::NotThere(format!("{kind} is no kind that has pods")))?;
    let object = api
        .get(version, resource, Some(name))
        .await
        .map_err(|error| unread(&error, &api, kind, resource, name))?;
    let spec = if kind == "pod" { &object["spec"] } else { &object["spec"]["template"]["spec"] };
    let account =
        spec["serviceAccountName"].as_str().filter(|name| !name.is_empty()).unwrap_or("default").to_owned();
    let mut notes = Vec::new();
    let mut items = vec![object];
    for (kind, resource, version, without) in BESIDE {
        match api.get(version, resource, None).await {
            Ok(list) => items.extend(listed(list, kind, version)),
            Err(error) => {
                notes.push(format!("{resource} cannot be listed ({}): not known is {without}", told(&error)));
            }
        }
    }
    match api.get("/api/v1", "serviceaccounts", Some(&account)).await {
        Ok(account) => items.push(account),
        Err(error) => notes.push(format!(
            "the service account {account} cannot be read ({}): not known is whether its token is mounted",
            told(&error)
        )),
    }
    let mut permissions = Vec::new();
    for permission in Permission::ALL {
        let answer = api.may(permission, &account).await;
        permissions
            .push((permission, answer.map_err(|error| format!("it cannot be reviewed ({})", told(&error)))));
    }
    for item in &mut items {
        // Long, and of no bearing.
        if let Some(metadata) = item["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
    }
    let text = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    Ok(Belongings { text, permissions, notes })
}

struct Reader {
    client: Client,
    namespace: String,
}

impl Reader {
    async fn get(&self, version: &str, resource: &str, name: Option<&str>) -> Result<Value, Error> {
        let request = Request::new(format!("{version}/namespaces/{}/{resource}", self.namespace));
        let request = match name {
            Some(name) => request.get(name, &kube::api::GetParams::default()),
            None => request.list(&kube::api::ListParams::default()),
        };
        self.client.request(request.map_err(Error::BuildRequest)?).await
    }

    /// Whether a service account of the namespace is granted this.
    async fn may(&self, permission: Permission, account: &str) -> Result<bool, Error> {
        let review = permission.review_of(account, &self.namespace);
        let body = serde_json::to_vec(&review).map_err(Error::SerdeError)?;
        let url = <SubjectAccessReview as kube::Resource>::url_path(&(), None);
        let request = Request::new(url).create(&PostParams::default(), body).map_err(Error::BuildRequest)?;
        let answer: SubjectAccessReview = self.client.request(request).await?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }
}

/// The items of a list, each with its kind, which the list has for all of them.
fn listed(mut list: Value, kind: &str, version: &str) -> Vec<Value> {
    let version = version.trim_start_matches("/apis/").trim_start_matches("/api/").to_owned();
    let Some(items) = list["items"].as_array_mut() else { return Vec::new() };
    let mut items = std::mem::take(items);
    for item in &mut items {
        item["apiVersion"] = version.clone().into();
        item["kind"] = kind.into();
    }
    items
}

fn unread(error: &Error, api: &Reader, kind: &str, resource: &str, name: &str) -> Unread {
    let namespace = &api.namespace;
    match error {
        Error::Api(status) if status.code == 404 => Unread::NotThere(format!(
            "there is no {kind} {name} in the namespace {namespace} (404): name another with --namespace"
        )),
        Error::Api(status) if status.code == 403 => Unread::NotThere(format!(
            "you may not get {resource} in the namespace {namespace} (403): have it granted, or give its manifest with --filename"
        )),
        Error::Api(status) if status.code == 401 => Unread::NotAsked(
            "the API server does not know you (401): look at KUBECONFIG, whose token or certificate may have expired".to_owned(),
        ),
        error => Unread::NotAsked(format!("the API server cannot be asked: {}", told(error))),
    }
}

fn told(error: &Error) -> String {
    match error {
        Error::Api(status) if status.code == 403 => "you may not, 403".to_owned(),
        Error::Api(status) if !status.message.is_empty() => format!("{} ({})", status.message, status.code),
        error => chain(error),
    }
}
