//! docs/conformance.md: every init is asked about every behaviour.
use super::behaviours::{ALL, Behaviour};
use super::inits::{Init, Need};
use super::scene::{Place, Scene};
use std::any::Any;
use std::fmt::Write;
use std::path::Path;
use std::time::SystemTime;

/// Asks all, writes the table, and gives the exit status: 1 when lameduck fails or could not be asked.
pub fn write(file: &Path) -> i32 {
    let inits = Init::installed();
    let mut text = head(&inits);
    let mut failed = false;
    for behaviour in ALL {
        for place in behaviour.places {
            if let Err(reason) = place.permitted() {
                println!("{} {} was not asked: {reason}", behaviour.name, place.name());
                failed = true;
                continue;
            }
            // At once: some are waited for in vain.
            let cells: Vec<Cell> = std::thread::scope(|scope| {
                let asked = inits.iter().map(|init| scope.spawn(|| Cell::of(init, behaviour, *place)));
                let asked: Vec<_> = asked.collect();
                asked
                    .into_iter()
                    .map(|asked| asked.join().unwrap_or_else(|told| Cell::in_vain(told.as_ref())))
                    .collect()
            });
            println!("{} {}: {cells:?}", behaviour.name, place.name());
            failed |= !matches!(cells[0], Cell::Does(_));
            let cells: Vec<String> = cells.iter().map(Cell::to_string).collect();
            let _ =
                writeln!(text, "| {}{} | {} |", behaviour.what, aside(*place, behaviour), cells.join(" | "));
        }
    }
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    i32::from(failed)
}

/// What an init does.
#[derive(Debug)]
enum Cell {
    /// As it should, with these options.
    Does(&'static [&'static str]),
    /// Something else.
    DoesNot(String),
    /// It does not promise it.
    HasNoOption,
}

impl Cell {
    fn of(init: &Init, behaviour: &Behaviour, place: Place) -> Self {
        let Some(scene) = Scene::of(init, place, behaviour.needs) else { return Self::HasNoOption };
        let verdict = (behaviour.asked)(&scene);
        match verdict {
            Ok(()) => Self::Does(init.options(behaviour.needs, place).unwrap_or_default()),
            Err(reason) => Self::DoesNot(reason),
        }
    }

    /// What is waited for in vain is told by a panic.
    fn in_vain(told: &(dyn Any + Send)) -> Self {
        Self::DoesNot(
            told.downcast_ref::<String>()
                .map_or_else(|| "it hangs".to_owned(), |told| format!("it hangs: {told}")),
        )
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Does([]) => f.write_str("yes"),
            Self::Does(options) => write!(f, "yes: `{}`", options.join(" ")),
            Self::DoesNot(reason) => write!(f, "**no**: {}", reason.replace('|', "\\|").replace('\n', " ")),
            Self::HasNoOption => f.write_str("no option"),
        }
    }
}

fn aside(place: Place, behaviour: &Behaviour) -> &'static str {
    match place {
        Place::Beside if behaviour.places.len() == 1 => "",
        Place::Beside if behaviour.needs == Need::Orphans => " (not PID 1: as a subreaper)",
        Place::Beside => " (not PID 1)",
        Place::First => " (PID 1)",
        Place::FirstOfUser => " (PID 1, in a user namespace)",
    }
}

fn head(inits: &[Init]) -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let system = rustix::system::uname();
    let named: Vec<String> = inits.iter().map(|init| format!("{} {}", init.name, init.version())).collect();
    let names: Vec<&str> = inits.iter().map(|init| init.name).collect();
    format!(
        "# What a careful init does, side by side

Made by `LAMEDUCK_CONFORMANCE=docs/conformance.md cargo test --test conformance` on {date}: Linux {release}; {named}.

Each line is a function of `tests/conformance` that is asked of every init in the same way; `cargo test --test conformance` asks
lameduck alone, and fails where it does not behave so. An init has the options that its cell names, and no others; but tini has
`-s` wherever it is not PID 1, because it warns without.

What some of them mean. *Forwarded*: all signals from 1 to 64 but KILL, STOP, CHLD and the faults, which an init keeps for itself.
*As given*: a signal that was ignored (by `nohup`, or PIPE by systemd) or blocked when the init was started is so for its child, as if
that had been started plainly. *Closed*: where a standard stream was closed, /dev/null in its place is as good. *A script without a
#! line*: the kernel does not run it, but execvp(3) has the shell do so, and thus shells, env(1) and those inits; lameduck does the
same for text and says it in its log, while a program of another machine stays a program that cannot be executed. *128 + n* is
what shells make of a death by signal n. `no option`: the init does not promise it.

| | {names} |
|---|{columns}
",
        date = &now[..10],
        release = system.release().to_string_lossy(),
        named = named.join(", "),
        names = names.join(" | "),
        columns = "---|".repeat(names.len()),
    )
}
