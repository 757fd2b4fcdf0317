//! A client, a socket whose clock ticks, and a server.
use super::ms;
use std::time::Duration;

/// As a server says it; no answer here is as long.
pub const CONTINUE: u64 = 25;
/// A piece of an answer.
const PIECE: u64 = 40;

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// Milliseconds.
    Pass(u64),
    /// The client begins a request; behind the last one, whose rest it says at once.
    Ask(&'static Request),
    /// The client says the next piece of it.
    More,
    /// The client has received all that the server said.
    Acknowledge,
    /// The client closes its half.
    Finish,
    /// The server does its next thing: reads, or else says the next piece.
    Serve,
}

/// What a client asks. The first piece has the whole head, unless it is a part of a request line.
#[derive(Debug)]
pub struct Request {
    pub pieces: &'static [&'static str],
    pub expects: bool,
    /// Pieces of its answer.
    pub answer: u8,
    /// The server answers before it has read it all.
    pub early: bool,
}

/// Where a request lies in what the client says.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub request: &'static Request,
    pub start: u64,
    pub end: u64,
    pub continued: bool,
    pub pieces_said: u8,
}

/// Everybody's state.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
pub struct World {
    pub now: Duration,
    /// Milliseconds.
    pub tick: u64,
    /// It reads once more before it waits, as gevent and Go do.
    pub eager: bool,
    pub reads_anyway: bool,
    pub mark: bool,
    pub finished: bool,
    pub said: Vec<u8>,
    /// How much of it the server has read.
    pub read: u64,
    /// The tick of the last byte from the client, of the last that was read, and of the server's last.
    pub heard_tick: u64,
    pub asked_tick: u64,
    pub spoke_tick: u64,
    pub spoke_at: Duration,
    pub sent: u64,
    pub acknowledged: u64,
    pub asked: Vec<Asked>,
    pub answered: usize,
    /// Pieces of the last request that are still to be said.
    pub unsaid: Vec<&'static str>,
}

impl World {
    pub fn unread(&self) -> u64 {
        self.said.len() as u64 - self.read
    }

    pub fn ticks(&self) -> u64 {
        u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX) / self.tick
    }

    pub fn since(&self, tick: u64) -> Duration {
        ms((self.ticks() - tick) * self.tick)
    }

    /// The request whose first byte the server has read and whose last it has not answered.
    pub fn open(&self) -> Option<&Asked> {
        self.asked.get(self.answered).filter(|asked| self.read > asked.start)
    }

    /// The server has read of a request since it last spoke, and the clock says so.
    pub fn owes_plainly(&self) -> bool {
        self.open().is_some() && (self.sent == 0 || self.asked_tick > self.spoke_tick)
    }

    /// What waits belongs to the request that the server has begun to read.
    pub fn waits_for_rest(&self) -> bool {
        self.unread() > 0 && self.open().is_some_and(|asked| self.read < asked.end)
    }

    pub fn is_woken(&self) -> bool {
        (self.unread() > 0 && !self.mark) || self.finished
    }

    pub fn happen(&mut self, event: Event) {
        match event {
            Event::Pass(passed) => self.now += ms(passed),
            Event::Ask(request) if !self.finished => {
                while !self.unsaid.is_empty() {
                    self.say_more();
                }
                self.unsaid = request.pieces.iter().rev().copied().collect();
                let blank =
                    request.pieces[0].bytes().take_while(|byte| b"\r\n".contains(byte)).count() as u64;
                let (start, length) = (self.said.len() as u64, request.pieces.concat().len() as u64);
                self.asked.push(Asked {
                    request,
                    start: start + blank,
                    end: start + length,
                    continued: false,
                    pieces_said: 0,
                });
                self.say_more();
            }
            Event::More => self.say_more(),
            Event::Acknowledge => self.acknowledged = self.sent,
            Event::Finish => self.finished = true,
            Event::Serve => self.serve(),
            Event::Ask(_) => {}
        }
    }

    fn say_more(&mut self) {
        if self.finished {
            return;
        }
        if let Some(piece) = self.unsaid.pop() {
            self.said.extend(piece.bytes());
            self.heard_tick = self.ticks();
            // A client that waits for answers has acknowledged them; one that does not, has as well.
            self.acknowledged = self.sent;
        }
    }

    fn serve(&mut self) {
        if self.unread() > 0 && (self.is_woken() || std::mem::take(&mut self.reads_anyway)) {
            (self.read, self.asked_tick) = (self.said.len() as u64, self.heard_tick);
            return;
        }
        self.reads_anyway = false;
        let (read, eager) = (self.read, self.eager);
        let Some(asked) = self.asked.get_mut(self.answered).filter(|asked| read > asked.start) else {
            return;
        };
        let has_head = read >= asked.end - rest_of(asked.request);
        let has_all = read >= asked.end;
        let length = if has_head && asked.request.expects && !has_all && !asked.continued {
            asked.continued = true;
            CONTINUE
        } else if has_all || has_head && asked.request.early && asked.pieces_said + 1 < asked.request.answer {
            asked.pieces_said += 1;
            if asked.pieces_said == asked.request.answer {
                self.answered += 1;
                self.reads_anyway = eager;
            }
            PIECE
        } else {
            return;
        };
        self.sent += length;
        (self.spoke_tick, self.spoke_at) = (self.ticks(), self.now);
    }
}

/// The length of all but the first piece.
fn rest_of(request: &Request) -> u64 {
    request.pieces[1..].concat().len() as u64
}
