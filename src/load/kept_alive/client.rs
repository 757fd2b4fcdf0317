//! One client: connects, sends, reads, thinks, again and again until it is told to stop.
use super::super::book::Book;
use super::super::connection::{after, within};
use super::super::verdict::Phase;
use super::burst::{After, Burst};
use super::plan::KeptAlivePlan;
use super::race::first;
use crate::stream::Stream;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// How long a client waits after a request that got no answer, a refused one most of all: it goes on until it is
/// stopped, and must not spin on a server that is gone.
const RETRY: Duration = Duration::from_millis(20);

/// A connection between two requests.
#[derive(Debug)]
struct Idle {
    stream: Stream,
    /// Whether it has given an answer.
    used: bool,
}

/// Is a client until `stopped`. A burst that is under way is carried to its end.
pub async fn run(plan: Arc<KeptAlivePlan>, book: Arc<Book>, mut stopped: watch::Receiver<bool>) {
    let mut connection = None;
    while !*stopped.borrow() {
        let (left, pause) = turn(&plan, &book, connection).await;
        connection = think(left, pause, &mut stopped).await;
    }
}

/// One burst, on `connection` or else on a new one: the connection if it goes on, and how long to wait until the next.
async fn turn(plan: &KeptAlivePlan, book: &Book, connection: Option<Idle>) -> (Option<Idle>, Duration) {
    let (mut idle, begun) = match connection {
        Some(idle) => (idle, None),
        None => match connect(plan, book).await {
            Some((idle, number)) => (idle, Some(number)),
            None => return (None, RETRY),
        },
    };
    match Burst::new(plan, book, idle.used, begun).run(&mut idle.stream).await {
        After::GoesOn => (Some(Idle { used: true, ..idle }), plan.think),
        After::Over => (None, plan.think),
        After::Broken => (None, RETRY),
    }
}

/// A new connection, and the number of the request that it was made for; none when that has ended with it.
async fn connect(plan: &KeptAlivePlan, book: &Book) -> Option<(Idle, u64)> {
    let number = book.begin(Phase::Connect, false);
    let deadline = after(Instant::now(), plan.client_timeout);
    match within(deadline, Phase::Connect, Stream::connect(&plan.target)).await {
        Ok(stream) => {
            // Pieces are to be sent as they are cut. Where it is refused, they are sent together.
            if let Stream::Tcp(stream) = &stream {
                let _ = stream.set_nodelay(true);
            }
            Some((Idle { stream, used: false }, number))
        }
        Err(verdict) => {
            book.end(number, verdict);
            None
        }
    }
}

/// Waits for `pause`, in the whole milliseconds of tokio's timer rounded up, or until stopped: the connection, unless the server has meanwhile let it go, or has sent
/// something that nobody asked for (a 408, say), after which nothing can be read rightly.
async fn think(idle: Option<Idle>, pause: Duration, stopped: &mut watch::Receiver<bool>) -> Option<Idle> {
    if pause.is_zero() {
        return idle.filter(|idle| is_quiet(&idle.stream));
    }
    let over = after(Instant::now(), pause);
    let stop = async {
        // An error is the end of the load as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let Some(mut idle) = idle else {
        let _ = timeout_at(over, stop).await;
        return None;
    };
    let mut byte = [0];
    let ended = first(
        async {
            let _ = idle.stream.read(&mut byte).await;
            true
        },
        async {
            let _ = timeout_at(over, stop).await;
            false
        },
    )
    .await;
    if ended {
        // A client thinks for its time, connected or not.
        let _ = timeout_at(over, stopped.wait_for(|stop| *stop)).await;
    }
    (!ended && is_quiet(&idle.stream)).then_some(idle)
}

/// Whether nothing has come, neither bytes nor a close: the last look of a pool before it uses a connection. What comes
/// a moment later is the loss that no client can avoid.
fn is_quiet(stream: &Stream) -> bool {
    recv(stream, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT) == Err(Errno::AGAIN)
}
