//! Names of fellows, looked up by the system's resolver, which blocks.
use super::Fellow;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};

/// Names that are looked up at once, each by a thread.
const MOST: usize = 2;

/// What looks names up.
#[derive(Debug)]
pub struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Lookups {
    /// The addresses of a fellow's name. Whoever asks may give up; the thread does not, but nobody waits for it: a resolver that hears
    /// nothing takes half a minute (resolv.conf(5), `timeout` and `attempts`), and the end of a drain has no time for that.
    ///
    /// # Errors
    /// The resolver's own; EAGAIN: no thread is to be had.
    pub async fn look_up(&self, fellow: &Fellow) -> io::Result<Vec<SocketAddr>> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let (tell, told) = oneshot::channel();
        let (host, port) = (fellow.host.clone(), fellow.port);
        std::thread::Builder::new().name("lookup".to_owned()).spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
            drop(place);
            // Nobody may wait for it any more.
            let _ = tell.send(found);
        })?;
        told.await.map_err(io::Error::other)?
    }
}
