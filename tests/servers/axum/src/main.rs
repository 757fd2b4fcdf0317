//! axum on the port of the loopback interface that is its argument: `/slow` takes half a second, all else `WORK_MS`
//! milliseconds (20). HTTP/1.1, and HTTP/2 with prior knowledge. At TERM it does what axum's manual says: graceful shutdown.
use axum::Router;
use axum::routing::get;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

async fn work(milliseconds: u64) -> &'static str {
    sleep(Duration::from_millis(milliseconds)).await;
    "ok"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).ok_or("usage: axum-server PORT")?;
    let quick = std::env::var("WORK_MS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let mut stop = signal(SignalKind::terminate())?;
    let paths = Router::new()
        .route("/slow", get(|| work(500)))
        .fallback(get(move || work(quick)));
    axum::serve(listener, paths)
        .with_graceful_shutdown(async move {
            stop.recv().await;
        })
        .await?;
    Ok(())
}
