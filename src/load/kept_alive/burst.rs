//! The requests that a client sends at once, one if it does not pipeline, and what becomes of each.
use super::super::book::Book;
use super::super::connection::{after, failed};
use super::super::reading::{Answer, Broken, Heard, answer};
use super::super::verdict::{Cause, Phase, Verdict};
use super::plan::KeptAlivePlan;
use super::race::first;
use super::sending::send;
use crate::stream::Stream;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::Instant;

/// What the connection is good for afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// For more requests.
    GoesOn,
    /// For none: it was answered, and the answer, or the client, ends it.
    Over,
    /// For none: a request got no answer.
    Broken,
}

/// A burst under way: shared by the one who writes and the one who reads.
#[derive(Debug)]
pub struct Burst<'a> {
    pub plan: &'a KeptAlivePlan,
    book: &'a Book,
    used: bool,
    state: Mutex<State>,
    /// How many requests the server has asked the body of.
    wanted: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    /// The number of the first request, until it is sent: it may have been begun by the connect.
    begun: Option<u64>,
    /// The requests of which a byte has been sent, in their order.
    requests: Vec<Request>,
    /// Why no more could be sent.
    failed: Option<Cause>,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    number: u64,
    started: Instant,
    whole: bool,
}

impl<'a> Burst<'a> {
    /// A burst on a connection that is `used`; `begun` is the number of the first request if it has one.
    pub fn new(plan: &'a KeptAlivePlan, book: &'a Book, used: bool, begun: Option<u64>) -> Self {
        let state = State { begun, requests: Vec::new(), failed: None };
        Self { plan, book, used, state: Mutex::new(state), wanted: watch::Sender::new(0) }
    }

    /// Sends the requests and reads their answers, in their order and at the same time: an answer may come before its
    /// request is whole (RFC 9112, section 9.5). Every request that was begun has ended in the book when this is over.
    pub async fn run(self, stream: &mut Stream) -> After {
        let deadline = after(Instant::now(), self.plan.client_timeout.saturating_add(self.plan.pauses()));
        let (mut from, mut to) = tokio::io::split(stream);
        first(self.write(&mut to), self.read(&mut from, deadline)).await
    }

    /// Never over: the reader says when it is, also when no more can be sent.
    async fn write(&self, to: &mut WriteHalf<&mut Stream>) -> After {
        if let Err(error) = send(self, to).await {
            self.lock().failed = Some(Cause::of(&error));
        }
        pending().await
    }

    async fn read(&self, from: &mut ReadHalf<&mut Stream>, deadline: Instant) -> After {
        let mut carried = Vec::new();
        for index in 0..self.plan.pipeline.get() {
            let told = |heard| match heard {
                Heard::Continue => drop(self.wanted.send_replace(index + 1)),
                Heard::Begun => self.note(index, Phase::Response),
            };
            match answer(from, &carried, deadline, told).await {
                Ok(Answer { status, persists, rest }) => {
                    // None: it is the answer to nothing that was sent.
                    let whole = self.answered(index, status).is_some_and(|request| request.whole);
                    // After a 503 a client is better off elsewhere: it is what a server says that is about to go.
                    if !persists || !whole || status == 503 {
                        self.unanswered_after(index);
                        return After::Over;
                    }
                    carried = rest;
                }
                Err(broken) => {
                    self.lost_from(index, broken);
                    return After::Broken;
                }
            }
        }
        // Bytes behind the last answer belong to no request.
        if carried.is_empty() { After::GoesOn } else { After::Over }
    }

    /// The next request is about to be sent: its number.
    pub fn begin(&self) -> u64 {
        let mut state = self.lock();
        let number = state.begun.take().unwrap_or_else(|| self.book.begin(Phase::Send, self.used));
        self.book.note(number, Phase::Send);
        state.requests.push(Request { number, started: Instant::now(), whole: false });
        number
    }

    /// The whole of request `index` of the burst has been sent.
    pub fn sent(&self, index: usize) {
        if let Some(request) = self.lock().requests.get_mut(index) {
            request.whole = true;
        }
        self.note(index, Phase::Wait);
    }

    /// Waits until the server asks for the body of request `index` of the burst.
    pub async fn told_to_continue(&self, index: usize) {
        // The sender is ours: it does not go first.
        let _ = self.wanted.subscribe().wait_for(|wanted| *wanted > index).await;
    }

    fn note(&self, index: usize, phase: Phase) {
        if let Some(request) = self.request(index) {
            self.book.note(request.number, phase);
        }
    }

    fn answered(&self, index: usize, status: u16) -> Option<Request> {
        let request = self.request(index)?;
        self.book.end(request.number, Verdict::Answered { status, latency: request.started.elapsed() });
        Some(request)
    }

    /// The answer to request `index` has ended the connection: the verdict on those behind it.
    fn unanswered_after(&self, index: usize) {
        for request in self.lock().requests.iter().skip(index + 1) {
            let verdict = if self.plan.body.is_none() {
                Verdict::UnansweredAfterClose
            } else {
                failed(if request.whole { Phase::Wait } else { Phase::Send }, Cause::Closed)
            };
            self.book.end(request.number, verdict);
        }
    }

    /// The connection has broken in, or before, the answer to request `index`.
    fn lost_from(&self, index: usize, broken: Broken) {
        let state = self.lock();
        let cause = match (broken.cause, state.failed) {
            // A reset that the writer was told of reads as a close (tcp(7), SO_ERROR is told once).
            (Cause::Closed, Some(writers)) => writers,
            (cause, _) => cause,
        };
        for (request, place) in state.requests.iter().zip(0..).skip(index) {
            let phase = match request.whole {
                _ if place == index && broken.begun => Phase::Response,
                true => Phase::Wait,
                false => Phase::Send,
            };
            self.book.end(request.number, failed(phase, cause));
        }
    }

    fn request(&self, index: usize) -> Option<Request> {
        self.lock().requests.get(index).copied()
    }

    /// Each change is made in one step, so one whose holder panicked is as good.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
