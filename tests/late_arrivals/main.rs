//! The desk on real sockets: everyone gets an answer, nobody is reset, and the counts come out even.
mod answers;
mod crowds;
mod descriptors;
mod fellow;
mod late_request;
mod limits;
mod parked;
mod relay;
mod relay_failures;
mod scene;
mod the_rest;
