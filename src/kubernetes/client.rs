//! The API server, asked over HTTP/1.1 and TLS with a token. A connection whose answer was read to its end serves the next request;
//! nothing is asked twice.
use super::Trouble;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// The API server is on this node's side of a Service's address: who has not accepted by then will not.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const OURSELVES: HeaderValue = HeaderValue::from_static(concat!("lameduck/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A connection that has had a request.
#[derive(Debug)]
pub struct Connection(SendRequest<Full<Bytes>>);

/// It, and how to ask it.
pub struct Client {
    host: String,
    port: u16,
    /// What its certificate is for.
    name: ServerName<'static>,
    /// Host and port, as a request has them.
    authority: String,
    bearer: HeaderValue,
    tls: TlsConnector,
    idle: Mutex<Option<Connection>>,
}

impl Client {
    /// Connects to nobody. `host` is a name or an address; `authorities` are the only ones that are believed.
    ///
    /// # Errors
    /// When one of these makes no sense.
    pub fn new(
        host: String,
        port: u16,
        token: &str,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, Trouble> {
        let nonsense = |error: &dyn Error| Trouble::Client(chain(error));
        let authority =
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let name = ServerName::try_from(host.clone())
            .map_err(|_| Trouble::Address(format!("{authority} is no address")))?;
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| nonsense(&error))?;
        bearer.set_sensitive(true);
        let mut roots = RootCertStore::empty();
        for one in authorities {
            roots.add(one).map_err(|error| nonsense(&error))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| nonsense(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { host, port, name, authority, bearer, tls, idle: Mutex::default() })
    }

    /// Gets a path and query, or creates there what the body says, which is JSON. Gives the beginning of the answer; the connection is to
    /// be kept once its end has come.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(
        &self,
        target: &str,
        body: Option<Vec<u8>>,
    ) -> Result<(Response<Incoming>, Connection), Trouble> {
        let mut request = self.request(target, body)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = idle
            && connection.0.ready().await.is_ok()
        {
            match connection.0.try_send_request(request).await {
                Ok(answer) => return Ok((answer, connection)),
                // It was closed before anything of this was sent.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(unreachable(&error.into_error())),
                },
            }
        }
        let late = |_| Trouble::Unreachable(format!("no connection within {CONNECT_WITHIN:?}"));
        let mut connection = timeout(CONNECT_WITHIN, self.connect()).await.map_err(late)??;
        let answer = connection.0.send_request(request).await.map_err(|error| unreachable(&error))?;
        Ok((answer, connection))
    }

    /// Keeps a connection for the next request, where it can have one.
    pub fn keep(&self, connection: Connection) {
        if !connection.0.is_closed() {
            *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        }
    }

    fn request(&self, target: &str, body: Option<Vec<u8>>) -> Result<Request<Full<Bytes>>, Trouble> {
        let mut request = Request::builder()
            .method(if body.is_some() { Method::POST } else { Method::GET })
            .uri(target)
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, &self.bearer)
            .header(ACCEPT, JSON)
            .header(USER_AGENT, OURSELVES);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, JSON);
        }
        let request = request.body(Full::from(body.unwrap_or_default()));
        request.map_err(|error| Trouble::Address(error.to_string()))
    }

    async fn connect(&self) -> Result<Connection, Trouble> {
        let failed = |error| not_connected(&error);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let stream = self.tls.connect(self.name.clone(), stream).await.map_err(failed)?;
        let (sender, exchange) =
            handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(&error))?;
        // It ends with the connection; what goes wrong there is told to whoever waits for the answer.
        tokio::spawn(exchange);
        Ok(Connection(sender))
    }
}

fn not_connected(error: &io::Error) -> Trouble {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(error @ rustls::Error::InvalidCertificate(_)) => Trouble::Untrusted(error.to_string()),
        _ => unreachable(error),
    }
}

/// The API server did not answer, or not to the end.
pub fn unreachable(error: &dyn Error) -> Trouble {
    Trouble::Unreachable(chain(error))
}

/// An error and its causes.
fn chain(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    texts.extend(causes.map(ToString::to_string));
    texts.dedup_by(|cause, error| error.contains(cause.as_str()));
    texts.join(": ")
}
