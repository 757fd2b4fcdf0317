//! The drain that there is, if there is one: begun by the first who asks, waited for by all.
use crate::cli::HookArgs;
use crate::commands::run::end::End;
use crate::commands::run::hooked::{Hooked, Told};
use crate::commands::run::supervision::Supervision;
use crate::sockets::diag::Listening;
use crate::sockets::{OwnCalls, Whose, discovery};
use crate::supervisor::Signals;
use rustix::pipe::{PipeFlags, pipe_with};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::OnceCell;
use tracing::info;

/// The drains of a sidecar.
#[derive(Debug)]
pub struct Drains {
    options: HookArgs,
    /// Of the sidecar's own listener.
    calls: Arc<OwnCalls>,
    present: RefCell<Option<Present>>,
    figures: [Cell<u64>; 3],
}

/// How a drain may have ended, in the order of its status.
const OUTCOMES: [&str; 3] = ["served", "timed-out", "failed"];

/// A drain that was begun.
#[derive(Debug)]
struct Present {
    /// Who waits for its end, if anybody does: when nobody does any more, it waits no longer either.
    call: Weak<Call>,
    /// The server's listeners, by inode: some are ours too.
    listeners: HashSet<u64>,
    thread: JoinHandle<()>,
}

/// What is waited for.
#[derive(Debug)]
pub struct Call {
    pipe: tokio::sync::Mutex<Option<BufReader<Receiver>>>,
    told: OnceCell<Told>,
}

impl Drains {
    pub fn new(options: HookArgs, calls: OwnCalls) -> Self {
        Self { options, calls: Arc::new(calls), present: RefCell::new(None), figures: Default::default() }
    }

    /// Somebody calls, whatever for.
    pub fn count_a_call(&self) {
        self.calls.count();
    }

    /// Whether there is one: from the call to the server's end.
    pub fn is_present(&self) -> bool {
        self.present.borrow().as_ref().is_some_and(|present| !present.thread.is_finished())
    }

    /// The server's listeners, as they are now.
    pub fn listening(&self) -> Vec<Listening> {
        let present = self.present.borrow();
        let theirs = present.as_ref().filter(|present| !present.thread.is_finished());
        let theirs = theirs.map(|present| present.listeners.clone()).unwrap_or_default();
        discovery::at(&self.options.sockets.ports, &theirs).unwrap_or_default()
    }

    /// How many have ended how.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.figures.iter().map(Cell::get))
    }

    fn count(&self, told: &Told) {
        let figure = &self.figures[usize::from(told.status).min(OUTCOMES.len() - 1)];
        figure.set(figure.get() + 1);
    }

    /// The present drain, begun if there is none.
    ///
    /// # Errors
    /// What keeps it from beginning.
    pub fn call(&self) -> Result<Rc<Call>, Told> {
        let mut present = self.present.borrow_mut();
        if let Some(present) = present.as_ref().filter(|present| !present.thread.is_finished()) {
            return present.call.upgrade().ok_or_else(|| Told {
                status: 0,
                line: "the server has been drained, and is about to be stopped".to_owned(),
            });
        }
        let begun = self.begin().map_err(Told::from).inspect_err(|told| self.count(told));
        let (call, begun) = begun?;
        *present = Some(begun);
        Ok(call)
    }

    fn begin(&self) -> Result<(Rc<Call>, Present), String> {
        let ports = self.options.sockets.ports.clone();
        let found = discovery::at(&ports, &HashSet::new())
            .map_err(|error| format!("cannot see who listens here: {error}"))?;
        if found.is_empty() {
            return Err("nobody listens at the server's ports (--port): there is nothing to drain".to_owned());
        }
        let listeners: HashSet<u64> = found.iter().map(|listener| listener.inode).collect();
        let whose = Whose::beside(&listeners);
        info!(
            processes = whose.processes().len(),
            "the server's processes that are seen (shareProcessNamespace, and its user id)"
        );
        let end = End::of_listeners(ports, listeners.clone(), whose.clone());
        let trouble = |error: io::Error| format!("cannot begin to drain: {error}");
        let (pipe, hook) =
            pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|error| trouble(error.into()))?;
        let pipe = BufReader::new(Receiver::from_owned_fd(pipe).map_err(trouble)?);
        let signals = Signals::none().map_err(trouble)?;
        let hooked = Hooked::new(end, hook, None);
        let supervision = Supervision::for_hook(whose, hooked, signals, &self.options)?;
        let supervision = supervision.leaving_out(Arc::clone(&self.calls));
        let drain = move || {
            let _ = supervision.run_for_hook();
        };
        let thread = Builder::new().name("drain".to_owned()).spawn(drain).map_err(trouble)?;
        let call = Rc::new(Call { pipe: tokio::sync::Mutex::new(Some(pipe)), told: OnceCell::new() });
        let present = Present { call: Rc::downgrade(&call), listeners, thread };
        Ok((call, present))
    }

    /// Waits for a drain's end.
    pub async fn end_of(&self, call: &Call) -> Told {
        let told = call.told.get_or_init(|| async {
            let told = call.hear().await;
            self.count(&told);
            told
        });
        let Told { status, line } = told.await;
        Told { status: *status, line: line.clone() }
    }
}

impl Call {
    async fn hear(&self) -> Told {
        let mut line = String::new();
        let mut pipe = self.pipe.lock().await;
        if let Some(pipe) = pipe.as_mut() {
            // What cannot be read is no word.
            let _ = pipe.read_line(&mut line).await;
        }
        serde_json::from_str(&line)
            .unwrap_or_else(|_| Told::from("the drain has ended before its work was done".to_owned()))
    }
}
