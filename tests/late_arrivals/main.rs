//! The desk on real sockets: everyone gets an answer, nobody is reset, and the counts come out even.
mod answers;
mod crowds;
mod descriptors;
mod fastcgi;
mod fellow;
mod http2;
mod late_request;
mod limits;
mod parked;
mod passage;
#[path = "../support/ports.rs"]
mod ports;
mod proxy_header;
mod relay;
mod relay_failures;
mod relayed_http2;
mod repeated;
mod scene;
mod the_rest;
mod tls;
mod unix_sockets;
