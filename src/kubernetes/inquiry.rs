//! The thread that asks. It exists from the stop signal until nobody wants to know any more.
use super::api::Api;
use super::following::follow;
use super::{Fellows, OwnPod, Settings, Standing, Trouble};
use std::sync::{Arc, mpsc};
use std::thread;
use tokio::sync::oneshot;
use tracing::subscriber::NoSubscriber;

/// How often this pod is asked for.
const MOST_TRIES: u32 = 3;

/// What was learned.
#[derive(Debug)]
pub enum News {
    /// Whether traffic is sent to this pod.
    Standing(Standing),
    /// Who else serves.
    Fellows(Fellows),
    /// What this pod's object says.
    OwnPod(OwnPod),
    /// The endpoints could not be had, and are asked for again.
    TryingAgain(Trouble),
    /// The endpoints cannot be had.
    NoEndpoints(Trouble),
    /// This pod cannot be read.
    NoOwnPod(Trouble),
}

/// An inquiry that has begun. Dropped, it ends by itself; nobody waits for it.
#[derive(Debug)]
pub struct Inquiry {
    news: mpsc::Receiver<News>,
    #[expect(dead_code, reason = "its end is what tells")]
    wanted: oneshot::Sender<()>,
}

impl Inquiry {
    /// Begins to ask. `ports` are those at which the server listens.
    ///
    /// # Errors
    /// When the thread cannot be had.
    pub fn begin(settings: Settings, ports: Vec<u16>) -> Result<Self, Trouble> {
        let (told, news) = mpsc::channel();
        let (wanted, unwanted) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .map_err(Trouble::Thread)?;
        let ask = move || {
            // What the libraries have to say is told by a Trouble.
            let _quiet = tracing::subscriber::set_default(NoSubscriber::default());
            runtime.spawn(ask(settings, ports, told));
            // Ends when nobody wants to know any more.
            let _ = runtime.block_on(unwanted);
            // A name that is being looked up keeps nobody waiting.
            runtime.shutdown_background();
        };
        thread::Builder::new().name("kubernetes".to_owned()).spawn(ask).map_err(Trouble::Thread)?;
        Ok(Self { news, wanted })
    }

    /// What was learned since the last time.
    pub fn news(&self) -> impl Iterator<Item = News> {
        self.news.try_iter()
    }
}

async fn ask(settings: Settings, ports: Vec<u16>, told: mpsc::Sender<News>) {
    let api = match Api::open(&settings) {
        Ok(api) => Arc::new(api),
        Err(trouble) => {
            let news = if settings.withdrawal { News::NoEndpoints(trouble) } else { News::NoOwnPod(trouble) };
            // Nobody wants to know any more, here as below.
            let _ = told.send(news);
            return;
        }
    };
    if settings.own_pod {
        let (api, told) = (Arc::clone(&api), told.clone());
        tokio::spawn(async move {
            let _ = told.send(read(&api).await);
        });
    }
    if settings.withdrawal {
        follow(&api, &settings, &ports, |news| {
            let _ = told.send(news);
        })
        .await;
    }
}

async fn read(api: &Api) -> News {
    let mut tries = 1;
    loop {
        match api.own_pod().await {
            Ok(own_pod) => return News::OwnPod(own_pod),
            Err(trouble) => match trouble.pause(tries).filter(|_| tries < MOST_TRIES) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return News::NoOwnPod(trouble),
            },
        }
        tries += 1;
    }
}
