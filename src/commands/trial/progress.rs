//! The progress bar: on stderr, and only when that is a terminal.
use super::clients::Clients;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::borrow::Cow;
use std::time::Duration;
use tokio::time::timeout;

/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);

/// One column's line.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A line for the column `name`. indicatif draws nothing when stderr is not a terminal.
    pub fn start(name: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        Self(bar)
    }

    /// Says what is being done.
    pub fn say(&self, doing: impl Into<Cow<'static, str>>) {
        self.0.set_message(doing);
        self.0.tick();
    }

    /// Shows how the clients stand while `work` is going on.
    pub async fn during<T>(&self, clients: &Clients, doing: &str, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            if let Ok(done) = timeout(TICK, &mut work).await {
                return done;
            }
            if !self.0.is_hidden() {
                let now = clients.now();
                self.say(format!(
                    "{doing}; {} answered, {} waiting, {} lost",
                    now.answered, now.open, now.lost
                ));
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
