//! What becomes of a signal: the stop signals are the caller's, all others the server's.
use super::signal::Signal;

/// What is to be done about a signal that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A child or an orphan changed state: reap.
    ChildChanged,
    /// Stop the server: drain it, then send it this.
    Stop(Signal),
    /// Send this to the server now.
    Forward(Signal),
}

/// Which signals stop the server, and what it is sent in place of which. The signal that is sent is already
/// the translated one, for a stop signal too.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    stop: Vec<Signal>,
    translation: Vec<(Signal, Signal)>,
}

impl Routing {
    /// `stop`: the stop signals. `translation`: pairs of a signal that comes in and what the server is sent
    /// in its place; of several for one signal the last counts.
    #[must_use]
    pub fn new(stop: Vec<Signal>, translation: Vec<(Signal, Signal)>) -> Self {
        Self { stop, translation }
    }

    /// Decides about one signal.
    #[must_use]
    pub fn route(&self, signal: Signal) -> Route {
        if signal == Signal::CHLD {
            return Route::ChildChanged;
        }
        let translated = self.translation.iter().rev().find(|(from, _)| *from == signal);
        let sent = translated.map_or(signal, |(_, to)| *to);
        if self.stop.contains(&signal) { Route::Stop(sent) } else { Route::Forward(sent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(name: &str) -> Signal {
        name.parse().unwrap()
    }

    #[test]
    fn stop_signals_are_the_callers_and_all_others_the_servers() {
        let routing = Routing::new(vec![Signal::TERM, signal("INT")], vec![]);
        for received in Signal::all() {
            let expected = match received.to_string().as_str() {
                "TERM" | "INT" => Route::Stop(received),
                "CHLD" => Route::ChildChanged,
                _ => Route::Forward(received),
            };
            assert_eq!(routing.route(received), expected, "{received}");
        }
    }

    #[test]
    fn a_translation_holds_for_stop_signals_and_for_others_and_the_last_one_counts() {
        let pairs = vec![
            (Signal::TERM, signal("INT")),
            (signal("HUP"), signal("USR2")),
            (Signal::TERM, signal("QUIT")),
        ];
        let routing = Routing::new(vec![Signal::TERM], pairs);
        assert_eq!(routing.route(Signal::TERM), Route::Stop(signal("QUIT")));
        assert_eq!(routing.route(signal("HUP")), Route::Forward(signal("USR2")));
        assert_eq!(routing.route(signal("QUIT")), Route::Forward(signal("QUIT")));
    }
}
