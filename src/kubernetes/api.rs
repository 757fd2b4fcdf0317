//! The requests, each bounded in time and in size.
use super::access::{Access, chain};
use super::lines::Lines;
use super::slices::SERVICE;
use super::{Identity, OwnPod, Settings, Trouble, own_pod};
use http_body_util::{BodyExt, Limited};
use k8s_openapi::List;
use k8s_openapi::api::core::v1::{Event, Pod};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Resource;
use kube::api::{GetParams, ListParams, PostParams, WatchParams};
use kube::client::Body;
use kube::core::Request;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// An answer begins within this time, or is not waited for: the drain goes on without it after 5 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The longest answer that is read, bytes. A hundred endpoints are 30 kB: this is a hundred thousand.
const LONGEST: usize = 32 << 20;

const LIST: Asked =
    Asked { verb: "list", what: "endpointslices.discovery.k8s.io", option: "--withdrawal off" };
const WATCH: Asked = Asked { verb: "watch", ..LIST };
pub(super) const POD: Asked = Asked { verb: "get", what: "pods", option: "--own-pod leave" };
const EVENT: Asked = Asked { verb: "create", what: "events", option: "--events off" };

/// What is asked for, as a Role has it.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub verb: &'static str,
    pub what: &'static str,
    pub option: &'static str,
}

/// What a watch is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One slice, by name.
    Slice(String),
    /// All slices of a Service.
    Service(String),
}

/// The API server.
pub struct Api {
    access: Access,
    /// Who we are to it.
    pub identity: Identity,
    services: Vec<String>,
}

impl Api {
    /// Makes a client. Connects to nobody.
    ///
    /// # Errors
    /// As [`Access::open`].
    pub fn open(settings: &Settings) -> Result<Self, Trouble> {
        let access = Access::open(settings)?;
        let identity = Identity::of(&settings.whoami, access.bound.clone(), access.reached_from);
        Ok(Self { access, identity, services: settings.services.clone() })
    }

    /// The slices of the Services, or of the namespace, from the API server's cache; and the version to watch from.
    ///
    /// # Errors
    /// When it refuses, fails or is late.
    pub async fn slices(&self) -> Result<(Vec<EndpointSlice>, String), Trouble> {
        let mut params = ListParams::default().at("0");
        if !self.services.is_empty() {
            params = params.labels(&format!("{SERVICE} in ({})", self.services.join(",")));
        }
        let request = self.of::<EndpointSlice>().list(&params);
        let (bytes, _) = self.ask(LIST, request).await?;
        let list: List<EndpointSlice> = parse(&bytes)?;
        let version = list.metadata.resource_version.unwrap_or_else(|| "0".to_owned());
        Ok((list.items, version))
    }

    /// What happens to slices after this version.
    ///
    /// # Errors
    /// As [`Self::slices`].
    pub async fn watch(&self, target: &Target, version: &str) -> Result<Lines, Trouble> {
        let params = match target {
            Target::Slice(name) => WatchParams::default().fields(&format!("metadata.name={name}")),
            Target::Service(name) => WatchParams::default().labels(&format!("{SERVICE}={name}")),
        };
        let request = self.of::<EndpointSlice>().watch(&params.disable_bookmarks(), version);
        Ok(Lines::of(self.send(WATCH, request).await?.0))
    }

    /// What this pod's object tells.
    ///
    /// # Errors
    /// As [`Self::slices`], and when the pod of this name is another one.
    pub async fn own_pod(&self) -> Result<OwnPod, Trouble> {
        let asked = Instant::now();
        // Not from the cache, which may not have seen yet that it is being deleted.
        let request = self.of::<Pod>().get(&self.identity.name, &GetParams::default());
        let (bytes, date) = self.ask(POD, request).await.map_err(|trouble| match trouble {
            Trouble::Refused { status: 404, .. } => {
                Trouble::NoPod { name: self.identity.name.clone(), namespace: self.access.namespace.clone() }
            }
            other => other,
        })?;
        own_pod::read(&parse(&bytes)?, &self.identity, date.as_deref(), asked)
    }

    /// The namespace of this pod.
    pub fn namespace(&self) -> &str {
        &self.access.namespace
    }

    /// Writes an Event.
    ///
    /// # Errors
    /// As [`Self::slices`].
    pub async fn write(&self, event: &Event) -> Result<(), Trouble> {
        let body = serde_json::to_vec(event).map_err(|error| Trouble::Unreadable(error.to_string()))?;
        self.ask(EVENT, self.of::<Event>().create(&PostParams::default(), body)).await?;
        Ok(())
    }

    pub(super) fn of<T: Resource<DynamicType = ()>>(&self) -> Request {
        Request::new(T::url_path(&(), Some(&self.access.namespace)))
    }

    /// The whole of an answer, and its Date.
    pub(super) async fn ask<E: std::fmt::Display>(
        &self,
        asked: Asked,
        request: Result<hyper::Request<Vec<u8>>, E>,
    ) -> Result<(Vec<u8>, Option<String>), Trouble> {
        let whole = async {
            let (body, date) = self.send(asked, request).await?;
            let whole = Limited::new(body, LONGEST).collect().await;
            let whole = whole.map_err(|error| Trouble::Unreachable(chain(&*error)))?;
            Ok((whole.to_bytes().to_vec(), date))
        };
        timeout(ANSWER_WITHIN, whole).await.map_err(|_| Trouble::Late(ANSWER_WITHIN))?
    }

    async fn send<E: std::fmt::Display>(
        &self,
        asked: Asked,
        request: Result<hyper::Request<Vec<u8>>, E>,
    ) -> Result<(Body, Option<String>), Trouble> {
        let request = request.map_err(|error| Trouble::Address(error.to_string()))?.map(Body::from);
        let answer = timeout(ANSWER_WITHIN, self.access.client.send(request)).await;
        let answer = answer.map_err(|_| Trouble::Late(ANSWER_WITHIN))?;
        let answer = answer.map_err(|error| unreachable(&error))?;
        let header =
            |name| answer.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
        let Asked { verb, what, option } = asked;
        match answer.status().as_u16() {
            200..=299 => {
                let date = header("date");
                Ok((answer.into_body(), date))
            }
            401 => Err(Trouble::Unauthorized),
            403 => Err(Trouble::Forbidden { what, verb, option }),
            410 => Err(Trouble::Gone),
            status @ (429 | 500..) => {
                // Seconds: a date is for people (RFC 9110, section 10.2.3).
                let seconds = header("retry-after").and_then(|value| value.parse().ok());
                Err(Trouble::Overloaded { status, retry_after: seconds.map(Duration::from_secs) })
            }
            status => Err(Trouble::Refused { what, verb, status }),
        }
    }
}

/// No answer. rustls says of every certificate that it does not take what is wrong with it (`CertificateError`).
fn unreachable(error: &dyn std::error::Error) -> Trouble {
    let text = chain(error);
    if text.contains("invalid peer certificate") {
        Trouble::Untrusted(text)
    } else {
        Trouble::Unreachable(text)
    }
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| Trouble::Unreadable(error.to_string()))
}
