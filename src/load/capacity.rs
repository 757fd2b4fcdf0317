//! How many answers a second a server gives when it is kept busy: a short closed loop.
use super::{Class, Plan, ask};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Keeps `at_once` connections busy for `duration`, each followed by the next as soon as it has ended, waits
/// for the last ones, and gives the answers (2xx or 3xx) a second. The mix is the plan's, its rate and its pause
/// are not used. 0 when there was no answer. Bounded by `duration` and twice the plan's client timeout.
pub async fn capacity(plan: &Plan, at_once: usize, duration: Duration) -> f64 {
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..at_once as u64 {
        let plan = Plan { pause: Duration::ZERO, ..plan.clone() };
        clients.spawn(async move {
            let mut answers = 0_u32;
            for round in 0.. {
                let verdict = ask(&plan.request(client + round * at_once as u64)).await;
                if verdict.class() != Class::Answered {
                    // A refusal comes at once: no spinning on it.
                    break;
                }
                answers += 1;
                if started.elapsed() >= duration {
                    break;
                }
            }
            answers
        });
    }
    let answers: u32 = clients.join_all().await.into_iter().sum();
    f64::from(answers) / started.elapsed().as_secs_f64()
}
