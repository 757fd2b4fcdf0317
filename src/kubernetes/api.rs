//! The requests, each bounded in time and in size.
use super::access::Access;
use super::client::{Connection, unreachable};
use super::lines::Lines;
use super::objects::{EndpointSlice, EndpointSliceList};
use super::slices::SERVICE;
use super::{Identity, OwnPod, Settings, Trouble, own_pod};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// An answer begins within this time, or is not waited for: the drain goes on without it after 5 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The longest answer that is read, bytes. A hundred endpoints are 30 kB: this is a hundred thousand.
const LONGEST: usize = 32 << 20;
/// A watch that is not needed any longer is closed long before, seconds.
const WATCHED_FOR: u32 = 290;
/// What stands for itself in a path or a query (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where EndpointSlices are, and where pods and Events.
const SLICES: &str = "/apis/discovery.k8s.io/v1";
const CORE: &str = "/api/v1";

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
        let mut query = "endpointslices?resourceVersion=0".to_owned();
        if !self.services.is_empty() {
            let selector = format!("{SERVICE} in ({})", self.services.join(","));
            query = format!("{query}&labelSelector={}", quoted(&selector));
        }
        let target = self.path(SLICES, &query);
        let (bytes, _) = self.ask(LIST, &target, None).await?;
        let list: EndpointSliceList = parse(&bytes)?;
        let version = list.metadata.resource_version.unwrap_or_else(|| "0".to_owned());
        Ok((list.items, version))
    }

    /// What happens to slices after this version.
    ///
    /// # Errors
    /// As [`Self::slices`].
    pub async fn watch(&self, target: &Target, version: &str) -> Result<Lines, Trouble> {
        let (selector, value) = match target {
            Target::Slice(name) => ("fieldSelector", format!("metadata.name={name}")),
            Target::Service(name) => ("labelSelector", format!("{SERVICE}={name}")),
        };
        let target = format!(
            "{}&{selector}={}&resourceVersion={}&timeoutSeconds={WATCHED_FOR}",
            self.path(SLICES, "endpointslices?watch=true"),
            quoted(&value),
            quoted(version)
        );
        Ok(Lines::of(self.send(WATCH, &target, None).await?.0))
    }

    /// What this pod's object tells.
    ///
    /// # Errors
    /// As [`Self::slices`], and when the pod of this name is another one.
    pub async fn own_pod(&self) -> Result<OwnPod, Trouble> {
        let asked = Instant::now();
        // Not from the cache, which may not have seen yet that it is being deleted.
        let (bytes, date) = self.ask(POD, &self.own_path(), None).await.map_err(|trouble| match trouble {
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
    pub async fn write(&self, event: &Value) -> Result<(), Trouble> {
        self.ask(EVENT, &self.path(CORE, "events"), Some(event)).await?;
        Ok(())
    }

    /// Where this pod is.
    pub(super) fn own_path(&self) -> String {
        self.path(CORE, &format!("pods/{}", quoted(&self.identity.name)))
    }

    /// Where something of this namespace is.
    fn path(&self, version: &str, rest: &str) -> String {
        format!("{version}/namespaces/{}/{rest}", quoted(&self.access.namespace))
    }

    /// The whole of an answer, and its Date. `created` is created there.
    pub(super) async fn ask(
        &self,
        asked: Asked,
        target: &str,
        created: Option<&Value>,
    ) -> Result<(Vec<u8>, Option<String>), Trouble> {
        let whole = async {
            let (body, date, connection) = self.send(asked, target, created).await?;
            let whole = Limited::new(body, LONGEST).collect().await;
            let whole = whole.map_err(|error| unreachable(&*error))?;
            self.access.client.keep(connection);
            Ok((whole.to_bytes().to_vec(), date))
        };
        timeout(ANSWER_WITHIN, whole).await.map_err(|_| Trouble::Late(ANSWER_WITHIN))?
    }

    async fn send(
        &self,
        asked: Asked,
        target: &str,
        created: Option<&Value>,
    ) -> Result<(Incoming, Option<String>, Connection), Trouble> {
        let body = created.map(|object| object.to_string().into_bytes());
        let answer = timeout(ANSWER_WITHIN, self.access.client.send(target, body)).await;
        let (answer, connection) = answer.map_err(|_| Trouble::Late(ANSWER_WITHIN))??;
        let header =
            |name| answer.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
        let Asked { verb, what, option } = asked;
        match answer.status().as_u16() {
            200..=299 => {
                let date = header("date");
                Ok((answer.into_body(), date, connection))
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

/// Text that stands in a path or a query.
pub(super) fn quoted(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, RESERVED)
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| Trouble::Unreadable(error.to_string()))
}
