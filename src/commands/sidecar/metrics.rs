//! What Prometheus is told: looked up when it asks.
use super::drains::Drains;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::fmt;

/// The format: OpenMetrics 1.0.
const OPENMETRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct At {
    address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

/// Answers with all of them.
pub fn answer(drains: &Drains) -> Response<Full<Bytes>> {
    let mut page = String::new();
    // A String takes everything.
    let _: Result<(), fmt::Error> = encode(&mut page, &registry(drains));
    let mut response = Response::new(Full::from(page));
    response.headers_mut().insert(CONTENT_TYPE, OPENMETRICS);
    response
}

fn registry(drains: &Drains) -> Registry {
    let mut registry = Registry::with_prefix("lameduck");
    let draining: Gauge = Gauge::default();
    draining.set(drains.is_present().into());
    registry.register("draining", "Whether there is a drain, from the call to the server's end", draining);

    let ended = Family::<Ended, Counter>::default();
    for (outcome, count) in drains.figures() {
        ended.get_or_create(&Ended { outcome }).inc_by(count);
    }
    registry.register("drains", "Calls of /drain that had an end, by how it was", ended);

    let (queue, limit) = (Family::<At, Gauge>::default(), Family::<At, Gauge>::default());
    // Several sockets may listen at one address.
    for listening in drains.listening() {
        let at = At { address: listening.address.to_string() };
        queue.get_or_create(&at).inc_by(listening.queue.into());
        limit.get_or_create(&at).inc_by(listening.limit.into());
    }
    registry.register("accept_queue", "Connections that the server has not accepted, now", queue);
    registry.register("accept_queue_limit", "How many fit", limit);
    registry
}
