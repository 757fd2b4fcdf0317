//! A request that a fellow leaves without an answer is the next one's, where that does no harm.
use super::super::body::Body;
use super::super::client::Client;
use super::super::request::Head;
use super::{Passed, Round, pass_request};
use tracing::debug;

/// A request that no fellow has answered.
#[derive(Debug)]
pub struct Unanswered {
    /// What of its body has not come yet.
    pub left: Body,
    /// A fellow may have done it, and it must not be done twice.
    pub may_be_done: bool,
}

/// Passes a request on, which begins with `bytes`, to one fellow after the other. Only one that may be done twice, and that is
/// still in hand from its first byte to its last, is passed on again.
pub async fn pass_on(
    mut round: Round<'_>,
    client: &mut Client,
    proxy_header: &[u8],
    head: &Head,
    bytes: &[u8],
    body: Body,
) -> Result<Passed, Unanswered> {
    let mut left = body.clone().behind(&bytes[head.length..]);
    let is_in_hand = left.is_over() && !head.upgrades;
    while let Some(link) = round.next().await {
        let mut of_this = body.clone();
        let passed = pass_request(client, link, proxy_header, head, bytes, &mut of_this).await;
        if passed != Passed::Nothing {
            return Ok(passed);
        }
        debug!("a fellow took a request and left it without an answer");
        left = of_this;
        if !head.is_idempotent() {
            return Err(Unanswered { left, may_be_done: true });
        }
        if !is_in_hand {
            break;
        }
    }
    debug!("no fellow was to be had for a request: answered");
    Err(Unanswered { left, may_be_done: false })
}
