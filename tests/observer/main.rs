//! What the observer says of real connections, on real sockets over loopback.
mod families;
mod faults_injected;
mod gated;
mod queues;
mod scene;
mod standings;
mod still_in_flight;
mod ties;

#[path = "../faults/mod.rs"]
mod faults;
