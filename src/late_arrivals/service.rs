//! What is done for one connection, from its first byte to its end.
use super::answer::{RELAY_FAILED, RESPONSE, answer, close, tell};
use super::body::Body;
use super::book::{Ending, Entry};
use super::client::Client;
use super::fastcgi;
use super::hearing::{Caller, Heard, hear, hear_out};
use super::http2::send_away;
use super::opening::Protocol;
use super::passage::Visit;
use super::relay::{Fellow, Link, Passed, Relay, Round, Unanswered, pass_bytes, pass_http2, pass_on};
use super::request::Head;
use super::tls::ALERT;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;

/// How the desk serves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A connection that does not speak is answered after so long.
    pub silent_grace: Duration,
    /// Who is asked in our place, each connection the next one in turn, as far as they are known ([`super::Desk::relay_to`]); `None`: nobody
    /// ever, everybody is answered 503.
    pub relay_to: Option<Vec<Fellow>>,
}

impl Settings {
    /// Everybody is answered 503.
    #[must_use]
    pub fn answering(silent_grace: Duration) -> Self {
        Self { silent_grace, relay_to: None }
    }
}

/// What serves.
#[derive(Debug)]
pub struct Service {
    silent_grace: Duration,
    relay: Option<Relay>,
}

impl Service {
    /// With room for so many relays at once.
    pub fn new(settings: Settings, relays_at_once: usize) -> Self {
        let Settings { silent_grace, relay_to } = settings;
        Self { silent_grace, relay: relay_to.map(|fellows| Relay::new(fellows, relays_at_once)) }
    }

    /// Relays to these from now on, where it relays at all.
    pub fn relay_to(&self, fellows: Vec<Fellow>) {
        if let Some(relay) = &self.relay {
            relay.change(fellows);
        }
    }

    /// Somebody to be served, of whom this much was read already.
    pub fn caller(&self, client: Client, bytes: Vec<u8>, visit: Option<Visit>) -> Caller {
        Caller::new(client, bytes, visit, self.silent_grace)
    }

    /// Serves one connection to its end, which is entered; `slot` is its place at the desk.
    ///
    /// Whoever says nothing, or nothing that can be understood, is answered and not relayed: it has asked nothing that
    /// somebody else could answer.
    #[allow(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice")]
    pub fn serve(
        self: Arc<Self>,
        mut caller: Box<Caller>,
        entry: Entry,
        slot: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = ()> {
        async move {
            let is_astray = |visit: &Visit| caller.client.ends().is_some_and(|(peer, _)| visit.is_ours(peer));
            if caller.visit.as_ref().is_some_and(is_astray) {
                caller.client.reset();
                return entry.ended(Ending::Gone);
            }
            let heard = hear(&mut caller, &self.silent_grace).await;
            match &heard {
                Heard::Request(..) | Heard::NotHttp1(Protocol::Http2 | Protocol::FastCgi) => {
                    caller.visit.take().into_iter().for_each(Visit::speaks_plainly);
                }
                Heard::NotHttp1(Protocol::Tls) => {}
                Heard::Unclear | Heard::NotHttp1(Protocol::Other) | Heard::Gone => caller.visit = None,
            }
            // Boxed is what most of those that wait will never need.
            entry.ended(match heard {
                Heard::Request(head) => Box::pin(self.serve_request(caller, head)).await,
                Heard::Unclear => {
                    debug!(
                        bytes = caller.bytes.len(),
                        "answered a client that was silent, or not to be understood"
                    );
                    Box::pin(refuse(caller.client, RESPONSE, None, Body::Length(0))).await
                }
                Heard::NotHttp1(protocol) => Box::pin(self.serve_bytes(caller, protocol)).await,
                Heard::Gone => gone(caller.client),
            });
            drop(slot);
        }
    }

    async fn serve_request(&self, caller: Box<Caller>, head: Box<Head>) -> Ending {
        let Caller { mut client, bytes, proxy_header, .. } = *caller;
        let head = &*head;
        // Where it is not clear how a request ends, there is nothing to wait for, and nothing that could be passed on.
        let Ok(body) = head.body.clone() else {
            return refuse(client, RESPONSE, Some(head), Body::Length(0)).await;
        };
        let round = if head.method == "CONNECT" { None } else { self.round(&client) };
        let Some(round) = round else {
            return refuse(client, RESPONSE, Some(head), body.behind(&bytes[head.length..])).await;
        };
        match pass_on(round, &mut client, &proxy_header, head, &bytes, body).await {
            Ok(passed) => finish(client, passed, Ending::Relayed).await,
            Err(Unanswered { left, may_be_done: false }) => refuse(client, RESPONSE, Some(head), left).await,
            Err(Unanswered { left, may_be_done: true }) => {
                match refuse(client, RELAY_FAILED, Some(head), left).await {
                    Ending::Answered => Ending::Cut,
                    ending => ending,
                }
            }
        }
    }

    /// What is not HTTP/1 is passed both ways as it is, to a fellow or, TLS, to the server itself; or it is told in its own words that it was not processed. On the
    /// server's own connection it is the middle of something, which nobody else can go on with.
    async fn serve_bytes(&self, caller: Box<Caller>, protocol: Protocol) -> Ending {
        let Caller { mut client, bytes, proxy_header, visit, .. } = *caller;
        if client.is_shared() {
            close(client).await;
            return Ending::Closed;
        }
        if let Some(mut link) = self.link(&client).await {
            // It is the fellow's now.
            drop(visit);
            let passed = match protocol {
                Protocol::Http2 => {
                    pass_http2(&mut client, link, &proxy_header, &bytes, self.silent_grace).await
                }
                Protocol::Tls | Protocol::FastCgi | Protocol::Other => {
                    pass_bytes(&mut client, &mut link.stream, &[&proxy_header[..], &bytes].concat()).await
                }
            };
            return finish(client, passed, Ending::Relayed).await;
        }
        if let Some(visit) = visit
            && let Some(mut passing) = visit.pass().await
        {
            let first = [&proxy_header[..], &bytes].concat();
            let passed = pass_bytes(&mut client, &mut passing.stream, &first).await;
            if passed != Passed::Nothing {
                return finish(client, passed, Ending::PassedOn).await;
            }
        }
        let (is_told, ending) = match protocol {
            Protocol::Http2 => (send_away(&mut client, &bytes, self.silent_grace).await, Ending::Goaway),
            Protocol::Tls => (tell(&mut client, ALERT).await, Ending::Alerted),
            Protocol::FastCgi => (fastcgi::answer(&mut client, &bytes).await, Ending::Answered),
            Protocol::Other => (true, Ending::Closed),
        };
        if !is_told {
            return gone(client);
        }
        close(client).await;
        ending
    }

    async fn link(&self, client: &Client) -> Option<Link<'_>> {
        self.round(client)?.next().await
    }

    fn round(&self, client: &Client) -> Option<Round<'_>> {
        let relay = self.relay.as_ref()?;
        // With one of our own relays at the other end it would go round and round; they come by TCP.
        let is_ours = client.ends().is_some_and(|(peer, local)| relay.is_ours(peer, local));
        (!is_ours).then(|| relay.round())
    }
}

/// Answers when the rest of the request is read, of which this much is to come.
async fn refuse(mut client: Client, response: &str, head: Option<&Head>, body: Body) -> Ending {
    let mut body = head.map_or(Body::Length(0), |head| head.sends_when_refused(body));
    if hear_out(&mut client, &mut body).await && answer(&mut client, response, head).await {
        close(client).await;
        return Ending::Answered;
    }
    gone(client)
}

/// `whole`: how it has ended where all of the answer came.
async fn finish(client: Client, passed: Passed, whole: Ending) -> Ending {
    match passed {
        Passed::Whole => {
            close(client).await;
            whole
        }
        Passed::Part | Passed::Nothing => {
            client.reset();
            Ending::Cut
        }
        Passed::Gone => gone(client),
    }
}

fn gone(client: Client) -> Ending {
    client.end();
    Ending::Gone
}

#[cfg(test)]
mod tests {
    use super::super::book::{Book, Kind};
    use super::*;
    use std::os::unix::net::UnixStream;

    /// With tokio's own 96 bytes it fits into two lines of the cache, of 128 bytes each, and tokio asks for whole ones; what
    /// the allocator leaves between those has room for the caller and its clock.
    #[test]
    fn what_waits_for_a_client_is_small() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let service = Arc::new(Service::new(Settings::answering(Duration::from_secs(1)), 1));
        let (_, ours) = UnixStream::pair().unwrap();
        let client = Client::of_descriptor(ours.into()).unwrap();
        let caller = service.caller(client, Vec::new(), None);
        assert!(size_of_val(&caller) <= 112, "{}", size_of_val(&caller));
        let served = service.serve(Box::new(caller), Book::default().opened(Kind::Rest), None);
        assert!(size_of_val(&served) <= 144, "{}", size_of_val(&served));
    }
}
