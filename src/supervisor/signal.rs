//! A signal by number and name, real-time ones included (which no library's enum has).
use nix::sys::signal::Signal as Named;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Every signal number of Linux: `_NSIG` in `<asm-generic/signal.h>` is 64.
const NUMBERS: RangeInclusive<i32> = 1..=64;

/// Second names of signal(7) that the library does not know.
const ALIASES: [(&str, Named); 3] =
    [("CLD", Named::SIGCHLD), ("IOT", Named::SIGABRT), ("POLL", Named::SIGIO)];

/// A signal: a number from 1 to 64.
///
/// It is read from a name with or without `SIG` in any case (`TERM`, `sigquit`, `RTMIN+3`, `RTMAX-1`) or from
/// a number, and shown by its name without `SIG`. 32 and 33, which glibc keeps for itself, have no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(i32);

impl Signal {
    /// The stop signal of docker, Kubernetes and systemd.
    pub const TERM: Self = Self(libc::SIGTERM);
    /// A child changed state.
    pub const CHLD: Self = Self(libc::SIGCHLD);
    /// Go on after a stop.
    pub const CONT: Self = Self(libc::SIGCONT);
    /// Nobody reads any more what we write.
    pub const PIPE: Self = Self(libc::SIGPIPE);
    /// From the keyboard: stop now.
    pub const INT: Self = Self(libc::SIGINT);
    /// From the keyboard: stop now, with a core.
    pub const QUIT: Self = Self(libc::SIGQUIT);
    /// A window changed its size; httpd's graceful stop.
    pub const WINCH: Self = Self(libc::SIGWINCH);
    /// Cannot be refused.
    pub const KILL: Self = Self(libc::SIGKILL);

    /// Signals that the kernel raises for a fault of our own. Blocked, they would kill us all the same,
    /// without the handler that says why (signal(7); Rust's own reports a stack overflow).
    pub(super) const FAULTS: [Named; 7] = [
        Named::SIGSEGV,
        Named::SIGBUS,
        Named::SIGILL,
        Named::SIGFPE,
        Named::SIGTRAP,
        Named::SIGSYS,
        Named::SIGABRT,
    ];

    /// The signal of this number, if it is one.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        NUMBERS.contains(&number).then_some(Self(number))
    }

    /// Every signal, in the order of the numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        NUMBERS.map(Self)
    }

    /// Its number, 1 to 64.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// Whether lameduck can receive it from others, and so treat it as a stop signal or forward it: not KILL
    /// and STOP, which nobody can; not CHLD, which speaks of our own children; not our own faults; nor what
    /// libc keeps for itself.
    #[must_use]
    pub fn is_forwardable(self) -> bool {
        match Named::try_from(self.0) {
            Ok(Named::SIGKILL | Named::SIGSTOP | Named::SIGCHLD) => false,
            Ok(named) => !Self::FAULTS.contains(&named),
            Err(_) => realtime().contains(&self.0),
        }
    }
}

/// The real-time signals that libc leaves to programs: 34 to 64 with glibc, 35 to 64 with musl.
fn realtime() -> RangeInclusive<i32> {
    libc::SIGRTMIN()..=libc::SIGRTMAX()
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(named) = Named::try_from(self.0) {
            return f.write_str(named.as_str().trim_start_matches("SIG"));
        }
        match self.0 - realtime().start() {
            0 => f.write_str("RTMIN"),
            n if n > 0 => write!(f, "RTMIN+{n}"),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Signal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!(
                "there is no signal {text:?}: give a name such as TERM, SIGQUIT or RTMIN+3, or a number from 1 to 64"
            )
        })
    }
}

fn parse(text: &str) -> Option<Signal> {
    // A signed number is no signal's: "+15" would otherwise be TERM.
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().ok().and_then(Signal::new);
    }
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    if let Some(offset) = name.strip_prefix("RTMIN") {
        return parse_realtime(*realtime().start(), offset, '+', 1);
    }
    if let Some(offset) = name.strip_prefix("RTMAX") {
        return parse_realtime(*realtime().end(), offset, '-', -1);
    }
    let named = match ALIASES.iter().find(|(alias, _)| *alias == name) {
        Some((_, named)) => *named,
        None => Named::from_str(&format!("SIG{name}")).ok()?,
    };
    Signal::new(named as i32)
}

/// Reads what follows RTMIN or RTMAX: nothing, or `sign` and an offset that stays within the real-time
/// signals.
fn parse_realtime(base: i32, offset: &str, sign: char, direction: i32) -> Option<Signal> {
    let offset: i32 = match offset.strip_prefix(sign) {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok()?,
        None if offset.is_empty() => 0,
        _ => return None,
    };
    let number = base.checked_add(direction * offset)?;
    realtime().contains(&number).then_some(Signal(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_read_by_name_in_any_case_or_by_number() {
        for text in ["TERM", "term", "SIGTERM", "SigTerm", "15"] {
            assert_eq!(text.parse(), Ok(Signal::TERM), "{text}");
        }
        assert_eq!("IOT".parse::<Signal>().unwrap().number(), libc::SIGABRT);
        assert_eq!("POLL".parse::<Signal>().unwrap().number(), libc::SIGIO);
    }

    #[test]
    fn real_time_signals_are_counted_from_either_end() {
        let number = |text: &str| text.parse::<Signal>().unwrap().number();
        assert_eq!(number("RTMIN"), libc::SIGRTMIN());
        assert_eq!(number("sigrtmin+3"), libc::SIGRTMIN() + 3);
        assert_eq!(number("RTMAX-1"), libc::SIGRTMAX() - 1);
        assert_eq!(number("RTMAX"), 64);
    }

    #[test]
    fn every_signal_is_shown_as_it_is_read() {
        for signal in Signal::all() {
            assert_eq!(signal.to_string().parse(), Ok(signal), "{signal}");
        }
        assert_eq!(Signal::new(libc::SIGRTMIN() + 3).unwrap().to_string(), "RTMIN+3");
    }

    #[test]
    fn anything_else_is_refused_with_what_is_right() {
        let texts = [
            "", "SIG", "TREM", "0", "65", "-15", "+15", "RTMIN-1", "RTMIN+31", "RTMAX+1", "RTMIN+",
            "RTMIN+-1",
        ];
        for text in texts.into_iter().chain(["99999999999", "RTMAX-2147483648", "TERM "]) {
            let error = text.parse::<Signal>().unwrap_err();
            assert!(error.contains("RTMIN+3, or a number from 1 to 64"), "{text}: {error}");
        }
    }

    #[test]
    fn all_but_kill_stop_child_and_faults_can_be_forwarded() {
        let not: Vec<String> =
            Signal::all().filter(|s| !s.is_forwardable() && s.number() < 32).map(|s| s.to_string()).collect();
        assert_eq!(not.join(" "), "ILL TRAP ABRT BUS FPE KILL SEGV CHLD STOP SYS");
        assert!(Signal::new(64).unwrap().is_forwardable());
        assert!(!Signal::new(33).unwrap().is_forwardable());
    }
}
