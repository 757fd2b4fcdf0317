//! Servers whose graceful stop is not TERM, known by the name of their program.
use super::routing::{Route, Routing};
use super::signal::Signal;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The graceful stops. nginx(8): TERM is "fast", QUIT "graceful". httpd's "Stopping and Restarting": TERM ends the
/// children at once, WINCH is graceful-stop. unicorn's SIGNALS: QUIT is graceful. php-fpm(8): QUIT is graceful; Debian
/// has the version in its name (`php-fpm8.2`).
fn graceful_stop(program: &str) -> Option<Signal> {
    match program {
        "nginx" | "openresty" | "unicorn" | "unicorn_rails" => Some(Signal::QUIT),
        "httpd" | "apache2" => Some(Signal::WINCH),
        name if name.strip_prefix("php-fpm").is_some_and(is_version) => Some(Signal::QUIT),
        _ => None,
    }
}

fn is_version(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// What the user is told when a server that stops gracefully on another signal would be sent TERM.
///
/// Only the name of the program is looked at: what a script or another init starts is not known.
#[must_use]
pub fn hint(command: &[OsString], routing: &Routing) -> Option<String> {
    let program = Path::new(command.first()?).file_name().and_then(OsStr::to_str)?;
    let graceful = graceful_stop(program)?;
    (routing.route(Signal::TERM) == Route::Stop(Signal::TERM)).then(|| {
        format!(
            "{program} takes TERM to stop at once and {graceful} to finish what it has begun: \
             --forward-signal TERM={graceful} is better"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(program: &str, translation: Vec<(Signal, Signal)>) -> Option<String> {
        hint(&[program.into(), "-x".into()], &Routing::new(vec![Signal::TERM], translation))
    }

    #[test]
    fn given_a_server_with_another_graceful_stop_then_the_option_is_told() {
        for (program, option) in [
            ("nginx", "TERM=QUIT"),
            ("/usr/sbin/apache2", "TERM=WINCH"),
            ("./unicorn", "TERM=QUIT"),
            ("php-fpm", "TERM=QUIT"),
            ("/usr/sbin/php-fpm8.2", "TERM=QUIT"),
        ] {
            let hint = told(program, vec![]).unwrap();
            assert!(hint.contains(&format!("--forward-signal {option} ")), "{program}: {hint}");
        }
    }

    #[test]
    fn given_another_program_or_a_translation_or_no_term_then_nothing_is_said() {
        for program in ["gunicorn", "nginx-debug", "php-fpm-exporter", "httpd.sh", ""] {
            assert_eq!(told(program, vec![]), None, "{program}");
        }
        assert_eq!(told("nginx", vec![(Signal::TERM, Signal::QUIT)]), None);
        assert_eq!(hint(&["nginx".into()], &Routing::new(vec![Signal::QUIT], vec![])), None);
        assert_eq!(hint(&[], &Routing::default()), None);
    }
}
