//! What is done for one connection, from its first byte to its end.
use super::answer::{answer, close};
use super::book::Ending;
use super::client::Client;
use super::hearing::{Heard, hear, hear_out};
use std::time::Duration;

/// How the desk serves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A connection that does not speak is answered after so long.
    pub silent_grace: Duration,
}

impl Settings {
    /// Everybody is answered 503.
    #[must_use]
    pub fn answering(silent_grace: Duration) -> Self {
        Self { silent_grace }
    }
}

/// Serves one connection, of which these bytes were read already.
pub async fn serve(mut client: Client, taken: Vec<u8>, settings: &Settings) -> Ending {
    match hear(&mut client, taken, settings.silent_grace).await {
        Heard::Request(head, bytes) => {
            let is_there = hear_out(&mut client, &head, &bytes[head.length..]).await
                && answer(&mut client, Some(&head)).await;
            finish(client, is_there).await
        }
        Heard::Unclear => {
            let is_there = answer(&mut client, None).await;
            finish(client, is_there).await
        }
        Heard::NotHttp => {
            close(client).await;
            Ending::Closed
        }
        Heard::Gone => finish(client, false).await,
    }
}

/// Closes behind the answer, if the client is still there to have had it.
async fn finish(client: Client, is_there: bool) -> Ending {
    if is_there {
        close(client).await;
        return Ending::Answered;
    }
    client.end();
    Ending::Gone
}
