//! What may go wrong, what it means, and what to do about it.
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// So long is waited before another try, at first; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longer is waited for nobody: by then the drain has gone on.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// So often is tried in all.
const MOST_TRIES: u32 = 6;

/// Why the API server tells nothing.
#[derive(Debug, Error)]
pub enum Trouble {
    /// A file of the service account.
    #[error(
        "{file}: {reason}; let the pod have its service account's token (automountServiceAccountToken), or name its directory \
         (--service-account)"
    )]
    ServiceAccount {
        /// Which one.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The variables with the API server's address.
    #[error(
        "{0}: the kubelet sets KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT in every container; leave them as they are"
    )]
    Address(String),
    /// No client could be made.
    #[error(
        "no client for the API server can be made ({0}): look at the service account's ca.crt (--service-account)"
    )]
    Client(String),
    /// 401.
    #[error("the API server does not know the service account's token (401): it may have expired")]
    Unauthorized,
    /// 403.
    #[error(
        "the service account may not {verb} {what} (403): grant it by a Role (docs/kubernetes.md), or do not ask ({option})"
    )]
    Forbidden {
        /// What was asked for.
        what: &'static str,
        /// How.
        verb: &'static str,
        /// The option that leaves it out.
        option: &'static str,
    },
    /// 404, 400 and the like.
    #[error("the API server refuses to {verb} {what} ({status})")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// How.
        verb: &'static str,
        /// The status of HTTP.
        status: u16,
    },
    /// 429, or 5xx.
    #[error("the API server is overloaded or out of order ({status})")]
    Overloaded {
        /// The status of HTTP.
        status: u16,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// 410: what a watch was to begin with is forgotten.
    #[error("the API server has forgotten what a watch was to go on from (410)")]
    Gone,
    /// Nothing was answered in time.
    #[error("the API server has not answered within {0:?}")]
    Late(Duration),
    /// It cannot be reached.
    #[error("the API server cannot be reached ({0}): a NetworkPolicy may be in the way")]
    Unreachable(String),
    /// Something was answered, but not what was asked for.
    #[error("the API server's answer cannot be read ({0})")]
    Unreadable(String),
    /// It is there, and its certificate is of another authority, of another name, or has expired.
    #[error(
        "the API server is not believed ({0}): let the service account's ca.crt be that of this cluster (--service-account)"
    )]
    Untrusted(String),
    /// There is no pod of this name.
    #[error(
        "there is no pod {name} in the namespace {namespace} (404): set LAMEDUCK_POD_NAME, and LAMEDUCK_POD_NAMESPACE where it is \
         another, by the downward API"
    )]
    NoPod {
        /// What was asked for.
        name: String,
        /// Where.
        namespace: String,
    },
    /// The pod of this name is another one.
    #[error("the pod {0} is another one: set LAMEDUCK_POD_NAME and LAMEDUCK_POD_UID by the downward API")]
    OtherPod(String),
    /// No endpoint is this pod, and nobody has told who this is.
    #[error(
        "no endpoint of the namespace is this pod, as far as its address and the host's name tell: set LAMEDUCK_POD_NAME by the downward API"
    )]
    Nameless,
    /// No endpoint is the pod that we were told to be, and there is no telling whether that is true.
    #[error(
        "no endpoint of the namespace is the pod that was named ({0}): set LAMEDUCK_POD_NAME and LAMEDUCK_POD_UID by the downward API"
    )]
    Doubtful(String),
    /// The thread.
    #[error(
        "cannot start the thread that asks the API server ({0}): raise the limit of processes or of descriptors"
    )]
    Thread(std::io::Error),
}

impl Trouble {
    /// How long to wait before the next try, if there is any use in one, after so many.
    #[must_use]
    pub fn pause(&self, tries: u32) -> Option<Duration> {
        if tries >= MOST_TRIES {
            return None;
        }
        let usual = FIRST_PAUSE * 2_u32.saturating_pow(tries.saturating_sub(1));
        match self {
            Self::Overloaded { retry_after, .. } => {
                Some(retry_after.map_or(usual, |asked| asked.max(usual)).min(LONGEST_PAUSE))
            }
            Self::Gone | Self::Late(_) | Self::Unreachable(_) | Self::Unreadable(_) => Some(usual),
            Self::ServiceAccount { .. }
            | Self::Address(_)
            | Self::Client(_)
            | Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::Refused { .. }
            | Self::Untrusted(_)
            | Self::NoPod { .. }
            | Self::OtherPod(_)
            | Self::Nameless
            | Self::Doubtful(_)
            | Self::Thread(_) => None,
        }
    }
}
