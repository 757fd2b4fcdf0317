//! A workload of the cluster, and what belongs to it: Services, Ingresses, autoscalers, its service account and what that may do. Asked once, as
//! whoever runs `lameduck doctor deployment/web`: by kubectl, or by the service account of the pod that it runs in. Nothing is changed.
use super::asking::Asking;
use super::permission::REVIEWS;
use super::{Permission, Refusal, Settings};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use tracing::subscriber::NoSubscriber;

/// Ten requests in three rounds, and perhaps a program that fetches a token first.
const WITHIN: Duration = Duration::from_secs(30);

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

/// Reads them. `namespace`: where the object is; `None`: where the configuration says. `settings` are those of a pod.
///
/// # Errors
/// When the object cannot be read. What belongs to it may be missing.
pub fn belongings(
    kind: &str,
    name: &str,
    namespace: Option<&str>,
    settings: &Settings,
) -> Result<Belongings, Unread> {
    // What the libraries have to say is told by the sentence.
    let _quiet = tracing::subscriber::set_default(NoSubscriber::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unread::NotAsked(format!("cannot ask the API server: {error}")))?;
    let late = || {
        Unread::NotAsked(format!(
            "the API server has not answered within {WITHIN:?}: look at KUBECONFIG, and at what is between"
        ))
    };
    let read = async {
        let read = async {
            let asking = Asking::begin(namespace, settings, WITHIN).await.map_err(Unread::NotAsked)?;
            Box::pin(read(&asking, kind, name)).await
        };
        timeout(WITHIN, read).await.unwrap_or_else(|_| Err(late()))
    };
    let read = runtime.block_on(read);
    runtime.shutdown_background();
    read
}

async fn read(asking: &Asking, kind: &str, name: &str) -> Result<Belongings, Unread> {
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    let (_, resource, version) =
        known.ok_or_else(|| Unread::NotThere(format!("{kind} is no kind that has pods")))?;
    let object = asking.get(version, resource, Some(name)).await;
    let object = object.map_err(|refusal| unread(&refusal, &asking.namespace, kind, resource, name))?;
    let spec = if kind == "pod" { &object["spec"] } else { &object["spec"]["template"]["spec"] };
    let account =
        spec["serviceAccountName"].as_str().filter(|name| !name.is_empty()).unwrap_or("default").to_owned();
    let list = |number: usize| asking.get(BESIDE[number].2, BESIDE[number].1, None);
    let may = |number: usize| may(asking, Permission::ALL[number], &account);
    // At once: each may begin with a program that fetches a token.
    let (of_account, services, ingresses, autoscalers, list_slices, watch_slices, get_pods, create_events) = tokio::join!(
        asking.get("/api/v1", "serviceaccounts", Some(&account)),
        list(0),
        list(1),
        list(2),
        may(0),
        may(1),
        may(2),
        may(3)
    );
    let mut notes = Vec::new();
    let mut items = vec![object];
    for ((kind, resource, version, without), read) in
        BESIDE.into_iter().zip([services, ingresses, autoscalers])
    {
        match read {
            Ok(list) => items.extend(listed(list, kind, version)),
            Err(refusal) => {
                notes.push(format!("{resource} cannot be listed ({refusal}): not known is {without}"));
            }
        }
    }
    match of_account {
        Ok(account) => items.push(account),
        Err(refusal) => notes.push(format!(
            "the service account {account} cannot be read ({refusal}): not known is whether its token is mounted"
        )),
    }
    let answers = [list_slices, watch_slices, get_pods, create_events]
        .map(|answer| answer.map_err(|refusal| format!("it cannot be reviewed ({refusal})")));
    let permissions = Permission::ALL.into_iter().zip(answers).collect();
    for item in &mut items {
        // Long, and of no bearing.
        if let Some(metadata) = item["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
    }
    let text = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    Ok(Belongings { text, permissions, notes })
}

/// Whether a service account of the namespace is granted this.
async fn may(asking: &Asking, permission: Permission, account: &str) -> Result<bool, Refusal> {
    let review = asking.create(REVIEWS, &permission.review_of(account, &asking.namespace)).await?;
    Ok(review["status"]["allowed"] == true)
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

fn unread(refusal: &Refusal, namespace: &str, kind: &str, resource: &str, name: &str) -> Unread {
    match refusal {
        Refusal::Status(404, _) => Unread::NotThere(format!(
            "there is no {kind} {name} in the namespace {namespace} (404): name another with --namespace"
        )),
        Refusal::Status(403, _) => Unread::NotThere(format!(
            "you may not get {resource} in the namespace {namespace} (403): have it granted, or give its manifest with --filename"
        )),
        Refusal::Status(401, _) => Unread::NotAsked(
            "the API server does not know you (401): look at KUBECONFIG, whose token or certificate may have expired".to_owned(),
        ),
        refusal => Unread::NotAsked(format!("the API server cannot be asked: {refusal}")),
    }
}
