//! Kept-alive clients at work on a server that is stopped in the middle.
use crate::support::PATIENCE;
use crate::support::server::Server;
use lameduck::load::{KeptAlive, KeptAlivePlan, Tally};
use std::num::NonZeroUsize;
use std::process::ExitStatus;
use std::time::Duration;

/// How many clients there are.
pub const CLIENTS: usize = 40;
/// After the server is gone they go on for so long, so that what is lost in the last instant is seen.
const TAIL: Duration = Duration::from_millis(300);
/// How often the server is looked at.
const PACE: Duration = Duration::from_millis(5);

/// What became of the clients' requests and of the process.
#[derive(Debug)]
pub struct Outcome {
    pub tally: Tally,
    pub status: ExitStatus,
}

/// [`CLIENTS`] that think for `think` between requests of `work_ms` milliseconds.
pub fn plan(server: &Server, think: Duration, work_ms: u32) -> KeptAlivePlan {
    KeptAlivePlan {
        target: server.address().into(),
        clients: CLIENTS,
        think,
        host: "localhost".into(),
        path: format!("/?ms={work_ms}"),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: PATIENCE * 2,
    }
}

/// Lets the clients work until each has had two answers on average, sends TERM, and goes on until the server is gone.
///
/// # Panics
/// When there are no answers, or the server does not go.
pub fn stopped_by_term(server: &mut Server, plan: KeptAlivePlan) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let enough = plan.clients * 2;
        let clients = KeptAlive::start(plan);
        while clients.now().answered < enough {
            assert!(clients.elapsed() < PATIENCE, "too few answers: {:?}", clients.now());
            tokio::time::sleep(PACE).await;
        }
        server.signal(libc::SIGTERM);
        let status = gone(server).await;
        tokio::time::sleep(TAIL).await;
        Outcome { tally: Tally::of(&clients.finish(PATIENCE * 2).await), status }
    })
}

/// Waits for the end of the server while the load goes on.
///
/// # Panics
/// When it does not come.
pub async fn gone(server: &mut Server) -> ExitStatus {
    let started = tokio::time::Instant::now();
    loop {
        if let Some(status) = server.try_wait() {
            return status;
        }
        assert!(started.elapsed() < PATIENCE * 2, "the server does not go");
        tokio::time::sleep(PACE).await;
    }
}

/// Checks that nobody was lost, and that something was tried.
///
/// # Panics
/// When it was otherwise.
pub fn nobody_is_lost(tally: &Tally) {
    let others = (tally.lost, tally.unanswered_after_close, tally.other_answers, tally.not_tried);
    assert_eq!(others, (0, 0, 0, 0), "{tally:?}");
    assert!(tally.answered > 0, "{tally:?}");
}
