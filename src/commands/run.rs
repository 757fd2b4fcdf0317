//! `lameduck run`: start the server, pass every signal on, end with its status.
use crate::cli::RunArgs;
use crate::supervisor::{Child, Launch, Route, Routing, Signals, adopt_orphans};
use crate::telemetry::say;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use std::process::ExitCode;

/// Runs the verb.
///
/// # Errors
/// When lameduck itself cannot do what was asked.
pub fn main(args: RunArgs) -> Result<ExitCode, String> {
    let signals = Signals::block().map_err(|error| format!("cannot receive signals: {error}"))?;
    if let Err(error) = adopt_orphans() {
        say(format_args!("cannot adopt orphans, the init above us will have to: {error}"));
    }
    let routing = Routing::new(args.stop_signals, args.forward_signals);
    let mut child = match Child::spawn(&Launch { command: args.command, listeners: Vec::new() }) {
        Ok(child) => child,
        Err(error) => {
            say(&error);
            return Ok(error.code().into());
        }
    };
    // From here on nothing may end us but the server's end.
    loop {
        let mut ready = [PollFd::new(&signals, PollFlags::IN)];
        if let Err(error) = retry_on_intr(|| poll(&mut ready, None)) {
            say(format_args!("cannot wait for signals: {error}"));
        }
        while let Ok(Some(received)) = signals.next() {
            match routing.route(received.signal) {
                Route::ChildChanged => {
                    if let Some(status) = child.reap() {
                        return Ok(status.code().into());
                    }
                }
                Route::Stop(signal) | Route::Forward(signal) => {
                    if let Err(error) = child.send(signal) {
                        say(format_args!("cannot send {signal} to the server: {error}"));
                    }
                }
            }
        }
    }
}
