//! Whoever comes too late gets an answer: late arrivals, which came after the gate closed, the rest, which was still in
//! the server's queue when the server got its signal or went, and late requests, which came on the server's open
//! connections and were kept from it.
//!
//! Way in: [`Desk::open`], then listeners to accept from, or connections. Way out: [`Desk::served`]. One thread, started
//! when it is first needed, serves thousands at once, each bounded in time and bytes; where there is none, whoever has the
//! desk. This room knows nothing of gates or drains.
//!
//! | file | subject |
//! |---|---|
//! | `desk`, `attendant`, `book` | what accepts and serves, on which thread, and what became of whom |
//! | `accepting`, `taker` | accepting late arrivals, and the rest in competition with the server; what errors of accept(2) mean |
//! | `client` | one connection, ours alone or shared with the server |
//! | `service` | what is done for it, from its first byte to its end |
//! | `hearing`, `proxy_header`, `opening`, `request`, `body` | what it said, and where that ends |
//! | `answer`, `http2`, `tls`, `fastcgi` | the 503, GOAWAY or alert, and the close behind it |
//! | `relay` | a fellow server's answer in its place |
//! | `passage` | the server's own answer, for clients of TLS |
mod accepting;
mod answer;
mod attendant;
mod body;
mod book;
mod client;
mod desk;
mod fastcgi;
mod hearing;
mod http2;
mod opening;
mod passage;
mod proxy_header;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod relay;
mod request;
mod service;
mod taker;
mod tls;

pub use answer::RESPONSE;
pub use book::{Kind, Served};
pub use desk::Desk;
pub use opening::is_whole;
pub use passage::{Passage, Traffic};
pub use relay::Fellow;
pub use service::Settings;
