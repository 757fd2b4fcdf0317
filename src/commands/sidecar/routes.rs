//! What is asked, and what is answered.
use super::drains::Drains;
use super::guard::Guard;
use super::metrics;
use crate::commands::run::hooked::Told;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use std::net::IpAddr;
use std::rc::Rc;
use tracing::warn;

/// Everything that answers need.
#[derive(Debug)]
pub struct Routes {
    pub guard: Guard,
    pub drains: Drains,
}

/// A call that is not answered: its connection is closed.
#[derive(Debug, thiserror::Error)]
#[error("refused: {0}")]
pub struct Refused(&'static str);

impl Routes {
    /// Answers.
    ///
    /// # Errors
    /// When the call is refused.
    pub async fn answer<B>(
        self: Rc<Self>,
        from: IpAddr,
        request: Request<B>,
    ) -> Result<Response<Full<Bytes>>, Refused> {
        if ![Method::GET, Method::HEAD, Method::POST].contains(request.method()) {
            return Ok(text(StatusCode::METHOD_NOT_ALLOWED, "GET or POST"));
        }
        Ok(match request.uri().path() {
            "/drain" => {
                if let Some(reason) = self.guard.refusal(from, request.headers()) {
                    warn!(%from, "a call of /drain was refused: {reason}");
                    return Err(Refused(reason));
                }
                self.drain().await
            }
            "/readyz" if self.drains.is_present() => text(StatusCode::SERVICE_UNAVAILABLE, "draining"),
            "/readyz" if self.drains.listening().is_empty() => {
                text(StatusCode::SERVICE_UNAVAILABLE, "the server does not listen")
            }
            "/readyz" | "/healthz" => text(StatusCode::OK, "ok"),
            "/metrics" => metrics::answer(&self.drains),
            _ => text(StatusCode::NOT_FOUND, "there are /drain, /readyz, /healthz and /metrics"),
        })
    }

    async fn drain(&self) -> Response<Full<Bytes>> {
        let told = match self.drains.call() {
            Ok(call) => self.drains.end_of(&call).await,
            Err(told) => told,
        };
        let Told { status, line } = told;
        let status = match status {
            0 => StatusCode::OK,
            1 => StatusCode::GATEWAY_TIMEOUT,
            _ => {
                // The kubelet passes over the status, and shows the answer to nobody.
                warn!("cannot drain: {line}");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        text(status, &line)
    }
}

/// A line of plain text.
fn text(status: StatusCode, line: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{line}\n")));
    *response.status_mut() = status;
    let plain = hyper::header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, plain);
    response
}
