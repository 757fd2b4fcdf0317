//! The LIST and the WATCHes, one after the other, until there is nothing more to learn.
use super::api::{Api, Target};
use super::fellows::fellows;
use super::inquiry::News;
use super::objects::WatchEvent;
use super::slices::{Slices, Standing};
use super::{Fellows, Settings, Trouble};
use std::hash::BuildHasher;
use std::time::Duration;

/// A rollout stops many pods at once: of 1,000 LISTs in one instant 215 were answered 429 (docs/cluster.md). Spread
/// over so long, and most of them see the change already, which takes about 46 ms.
const JITTER: Duration = Duration::from_millis(200);

/// What was last told, so that nothing is told twice.
#[derive(Default)]
struct Told {
    standing: Option<Standing>,
    fellows: Option<Fellows>,
}

/// Follows the endpoints until they say all, or cannot be had.
pub async fn follow(api: &Api, settings: &Settings, ports: &[u16], tell: impl Fn(News)) {
    tokio::time::sleep(jitter()).await;
    let (mut told, mut before, mut tries) = (Told::default(), None, 0);
    loop {
        tries += 1;
        let Err(trouble) = once(api, settings, ports, &mut before, &mut told, &tell).await else { return };
        let Some(pause) = trouble.pause(tries) else { return tell(News::NoEndpoints(trouble)) };
        tell(News::TryingAgain(trouble));
        tokio::time::sleep(pause).await;
    }
}

/// One LIST, and what follows from it.
async fn once(
    api: &Api,
    settings: &Settings,
    ports: &[u16],
    before: &mut Option<Slices>,
    told: &mut Told,
    tell: &impl Fn(News),
) -> Result<(), Trouble> {
    let identity = &api.identity;
    let (list, version) = api.slices().await?;
    if before.is_none()
        && let Some(doubt) = identity.doubt(list.iter().flat_map(|slice| &slice.endpoints))
    {
        return Err(Trouble::Doubtful(doubt));
    }
    let mut slices = Slices::new(list, &settings.services, identity, before.as_ref());
    loop {
        let standing = slices.standing(identity);
        let is_known = settings.whoami.name.is_some() || !identity.ips.is_empty();
        if standing == Standing::NotSelected && !is_known {
            return Err(Trouble::Nameless);
        }
        told.tell(&standing, fellows(&slices, identity, ports), tell);
        *before = Some(slices.clone());
        let target = match standing {
            Standing::NotSelected | Standing::Withdrawn => return Ok(()),
            Standing::Offered(slice) => Target::Slice(slice),
            Standing::Alone(service) => Target::Service(service),
        };
        // From the version of the list, each time: other slices may have changed while one was watched.
        let mut watch = api.watch(&target, &version).await?;
        while slices.standing(identity).target().as_ref() == Some(&target) {
            let Some(event) = watch.next::<WatchEvent>().await? else {
                return Err(Trouble::Gone);
            };
            if !slices.apply(event) {
                return Err(Trouble::Gone);
            }
            told.tell(&slices.standing(identity), fellows(&slices, identity, ports), tell);
        }
    }
}

impl Told {
    fn tell(&mut self, standing: &Standing, fellows: Fellows, tell: &impl Fn(News)) {
        if self.fellows.as_ref() != Some(&fellows) {
            self.fellows = Some(fellows.clone());
            tell(News::Fellows(fellows));
        }
        if self.standing.as_ref() != Some(standing) {
            self.standing = Some(standing.clone());
            tell(News::Standing(standing.clone()));
        }
    }
}

impl Standing {
    /// What to watch so as to see it change; `None`: nothing.
    fn target(&self) -> Option<Target> {
        match self {
            Self::NotSelected | Self::Withdrawn => None,
            Self::Offered(slice) => Some(Target::Slice(slice.clone())),
            Self::Alone(service) => Some(Target::Service(service.clone())),
        }
    }
}

fn jitter() -> Duration {
    // Random, and of the standard library.
    let random = std::hash::RandomState::new().hash_one(std::process::id());
    JITTER.mul_f64(f64::from(u32::try_from(random >> 32).unwrap_or_default()) / f64::from(u32::MAX))
}
