//! The thread that writes the Events: both at once, each once, and not for long.
use super::api::Api;
use super::events::events;
use super::{Notice, OwnPod, Settings, Trouble};
use serde_json::Value;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;
use tracing::subscriber::NoSubscriber;

/// How it went.
#[derive(Debug)]
pub struct Announced {
    /// What has an Event, such as `ReplicaSet web-5d8f`.
    pub on: Vec<String>,
    /// Why something has none.
    pub trouble: Option<Trouble>,
}

/// An announcement that has begun. Dropped, it ends by itself within its time; nobody waits for it.
#[derive(Debug)]
pub struct Announcement {
    announced: mpsc::Receiver<Announced>,
}

impl Announcement {
    /// Begins to write. `own_pod` is what was read of this pod, if it was.
    ///
    /// # Errors
    /// When the thread cannot be had.
    pub fn begin(
        settings: Settings,
        own_pod: Option<OwnPod>,
        notice: Notice,
        within: Duration,
    ) -> Result<Self, Trouble> {
        let (tell, announced) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .map_err(Trouble::Thread)?;
        let write = move || {
            // What the libraries have to say is told by a Trouble.
            let _quiet = tracing::subscriber::set_default(NoSubscriber::default());
            // Nobody wants to know any more.
            let _ = tell.send(runtime.block_on(write(&settings, own_pod, &notice, within)));
            // A name that is being looked up keeps nobody waiting.
            runtime.shutdown_background();
        };
        thread::Builder::new().name("events".to_owned()).spawn(write).map_err(Trouble::Thread)?;
        Ok(Self { announced })
    }

    /// How it went, once it is over.
    #[must_use]
    pub fn announced(&self) -> Option<Announced> {
        self.announced.try_recv().ok()
    }
}

async fn write(settings: &Settings, own_pod: Option<OwnPod>, notice: &Notice, within: Duration) -> Announced {
    let mut api = match Api::open(settings) {
        Ok(api) => api,
        Err(trouble) => return Announced { on: Vec::new(), trouble: Some(trouble) },
    };
    let owner = own_pod.and_then(|own_pod| {
        api.identity.uid = own_pod.uid.or(api.identity.uid.take());
        own_pod.owner
    });
    let events = events(notice, api.namespace(), &api.identity, owner.as_ref(), SystemTime::now());
    let (of_pod, of_owner) = (events.first(), events.get(1));
    let written = tokio::join!(one(&api, of_pod, within), one(&api, of_owner, within));
    let mut announced = Announced { on: Vec::new(), trouble: None };
    for written in [written.0, written.1].into_iter().flatten() {
        match written {
            Ok(on) => announced.on.push(on),
            Err(trouble) => announced.trouble = announced.trouble.or(Some(trouble)),
        }
    }
    announced
}

async fn one(api: &Api, event: Option<&Value>, within: Duration) -> Option<Result<String, Trouble>> {
    let event = event?;
    let written = timeout(within, api.write(event)).await.unwrap_or(Err(Trouble::Late(within)));
    let about = &event["involvedObject"];
    let names = [&about["kind"], &about["name"]].map(|name| name.as_str().unwrap_or_default());
    Some(written.map(|()| names.join(" ")))
}
