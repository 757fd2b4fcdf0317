//! Whoever asks for objects of the cluster: kubectl, or the service account of a pod that has no kubectl.
use super::api::{Api, Asked, parse, quoted};
use super::kubectl::{Kubectl, Useless};
use super::{Settings, Trouble};
use serde_json::Value;
use std::time::Duration;
use thiserror::Error;

/// Why an object was not given.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The API server has said so, with a status of HTTP.
    #[error("{1}, {0}")]
    Status(u16, String),
    /// It was not asked, or has not answered.
    #[error("{0}")]
    Other(String),
}

/// Which way.
enum Way {
    Kubectl(Kubectl),
    Pod(Box<Api>),
}

/// Who asks, and where.
pub struct Asking {
    way: Way,
    /// Of the objects.
    pub namespace: String,
}

impl Asking {
    /// kubectl where it knows a cluster, otherwise this pod.
    ///
    /// # Errors
    /// Where there is neither: a sentence.
    pub async fn begin(
        namespace: Option<&str>,
        settings: &Settings,
        within: Duration,
    ) -> Result<Self, String> {
        let kubectl = Kubectl::new(within);
        let context = ["config", "view", "--minify", "--output=jsonpath={.contexts[0].context.namespace}"];
        let (missing, way_out) = match kubectl.run(&context, None).await {
            Ok(own) => {
                let own = String::from_utf8_lossy(&own).trim().to_owned();
                let own = if own.is_empty() { "default".to_owned() } else { own };
                let namespace = namespace.map_or(own, str::to_owned);
                return Ok(Self { way: Way::Kubectl(kubectl), namespace });
            }
            Err(Useless::Missing(text)) => (text, "install kubectl or set KUBECTL"),
            Err(Useless::Refused(refusal)) => (refusal.to_string(), "set KUBECONFIG"),
        };
        match Api::open(settings) {
            Ok(api) => {
                let namespace = namespace.unwrap_or(api.namespace()).to_owned();
                Ok(Self { way: Way::Pod(Box::new(api)), namespace })
            }
            Err(Trouble::Address(_)) => Err(format!(
                "no cluster is known ({missing}), and this is no pod: {way_out}, or give the manifest with --filename"
            )),
            Err(trouble) => Err(format!("no cluster is known ({missing}), and as a pod: {trouble}")),
        }
    }

    /// An object, or the list of all of its namespace.
    pub async fn get(
        &self,
        version: &str,
        resource: &'static str,
        name: Option<&str>,
    ) -> Result<Value, Refusal> {
        let all = format!("{version}/namespaces/{}/{resource}", quoted(&self.namespace));
        let target = name.map_or_else(|| all.clone(), |name| format!("{all}/{}", quoted(name)));
        let asked = Asked { verb: if name.is_some() { "get" } else { "list" }, what: resource, option: "" };
        self.ask(asked, &target, None).await
    }

    /// What has become of an object that is created there.
    pub async fn create(&self, target: &str, object: &Value) -> Result<Value, Refusal> {
        let asked = Asked { verb: "create", what: "subjectaccessreviews.authorization.k8s.io", option: "" };
        self.ask(asked, target, Some(object)).await
    }

    async fn ask(&self, asked: Asked, target: &str, object: Option<&Value>) -> Result<Value, Refusal> {
        let answer = match &self.way {
            Way::Pod(api) => {
                let (answer, _) = api.ask(asked, target, object).await.map_err(|trouble| match trouble {
                    Trouble::Unauthorized => Refusal::Status(401, "it does not know you".to_owned()),
                    Trouble::Forbidden { .. } => Refusal::Status(403, "you may not".to_owned()),
                    Trouble::Refused { status: 404, .. } => {
                        Refusal::Status(404, "it is not there".to_owned())
                    }
                    Trouble::Refused { status, .. } => Refusal::Status(status, "it refuses".to_owned()),
                    trouble => Refusal::Other(trouble.to_string()),
                })?;
                answer
            }
            Way::Kubectl(kubectl) => {
                let object = object.map(Value::to_string);
                let words: &[&str] = match object {
                    None => &["get", "--raw", target],
                    Some(_) => &["create", "--filename=-", "--raw", target],
                };
                kubectl.run(words, object.as_deref()).await.map_err(|useless| match useless {
                    Useless::Missing(text) => Refusal::Other(text),
                    Useless::Refused(refusal) => refusal,
                })?
            }
        };
        parse(&answer).map_err(|trouble| Refusal::Other(trouble.to_string()))
    }
}
