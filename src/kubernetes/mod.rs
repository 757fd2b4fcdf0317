//! What the API server tells at a stop: whether traffic is still sent to this pod, who else serves, how much time is left. And
//! what it is told in the end: Events.
//!
//! ```text
//! Settings --Inquiry::begin--> [thread: LIST, at most one WATCH at a time, GET] --News--> whoever began it
//! Settings, Notice --Announcement::begin--> [thread: at most two POSTs] --Announced--> whoever began it
//! ```
//!
//! Nothing of it exists before a drain begins: no thread, no client, no connection. Nothing of it is needed: what cannot
//! be asked, is refused or does not answer in time is told once, as a [`Trouble`] with the way out of it.
//!
//! | file | subject |
//! |---|---|
//! | `settings`, `identity` | what is asked, and who this pod is |
//! | `access` | the service account's files, and the client that they make |
//! | `client` | the client: HTTP/1.1, TLS, a token |
//! | `objects` | the API's objects, as far as they are read; pure |
//! | `bound` | which pod the token is bound to; pure |
//! | `api` | the requests, each bounded in time and size |
//! | `lines` | a watch's answer, event by event |
//! | `trouble` | what may go wrong, and whether to try again |
//! | `slices` | what the EndpointSlices say of this pod; pure |
//! | `fellows` | who else serves the same; pure |
//! | `own_pod` | deadline, surroundings and owner of this pod; pure |
//! | `following` | the LIST and the WATCHes, one after the other, until nothing more is to be learned |
//! | `inquiry` | the thread that asks |
//! | `permission` | what a service account may do, as a Role says it |
//! | `survey` | the same questions, asked now: for `lameduck doctor` |
//! | `belongings` | a workload and what belongs to it, for `lameduck doctor deployment/web`: as whoever runs it, not as a pod |
//! | `asking`, `kubectl` | whoever asks for them |
//! | `events` | the Events of a notice; pure |
//! | `announcement` | the thread that writes them |
//!
//! It knows nothing of the drain.
mod access;
mod announcement;
mod api;
#[cfg(feature = "manifests")]
mod asking;
#[cfg(feature = "manifests")]
mod belongings;
mod bound;
mod client;
mod events;
mod fellows;
mod following;
mod identity;
mod inquiry;
#[cfg(feature = "manifests")]
pub(crate) mod kubectl;
mod lines;
mod objects;
mod own_pod;
mod permission;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod settings;
mod slices;
mod survey;
#[cfg(test)]
mod tests;
mod trouble;

pub use announcement::{Announced, Announcement};
#[cfg(feature = "manifests")]
use asking::Refusal;
#[cfg(feature = "manifests")]
pub use belongings::{Belongings, Unread, belongings};
pub use events::Notice;
pub use fellows::Fellows;
pub use identity::{Identity, Whoami};
pub use inquiry::{Inquiry, News};
pub use own_pod::{OwnPod, Owner, is_load_balancers};
pub use permission::Permission;
pub use settings::Settings;
pub use slices::Standing;
pub use survey::{Endpoints, PodSays, Survey, survey};
pub use trouble::Trouble;
