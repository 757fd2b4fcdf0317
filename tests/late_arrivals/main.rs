//! The desk on real sockets: everyone gets an answer, nobody is reset, and the counts come out even.
mod answers;
mod crowds;
mod descriptors;
mod fellow;
mod http2;
mod late_request;
mod limits;
mod parked;
#[path = "../support/ports.rs"]
#[expect(dead_code, reason = "the listeners here are bound at once")]
mod ports;
mod proxy_header;
mod relay;
mod relay_failures;
mod scene;
mod the_rest;
mod tls;
