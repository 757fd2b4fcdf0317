//! What the observer says of real connections, on real sockets over loopback.
mod cut_short;
mod families;
mod faults_injected;
mod gated;
mod queues;
mod roll;
mod scene;
mod standings;
mod ties;
mod without_sock_diag;

#[path = "../faults/mod.rs"]
mod faults;
