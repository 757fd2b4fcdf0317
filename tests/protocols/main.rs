//! Late arrivals of protocols other than HTTP/1, as the clients that people use see them: Go's net/http and gRPC on
//! HTTP/2 with prior knowledge, OpenSSL.
#[path = "../support/mod.rs"]
mod support;

mod grpc;
mod h2;
mod scene;
mod tls;

use support::runner;

fn main() {
    runner::one_at_a_time([h2::trials(), grpc::trials(), tls::trials()]);
}
