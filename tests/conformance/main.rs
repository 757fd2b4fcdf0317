//! What every careful init does for its child, one behaviour a function that any init can be asked about. lameduck's
//! verdicts are tests; with `LAMEDUCK_CONFORMANCE=FILE` all inits are asked, and FILE becomes the table of them.
#[path = "../support/mod.rs"]
mod support;

mod behaviours;
mod family;
mod forwarding;
mod given;
mod inits;
mod orphans;
mod parent;
mod programs;
mod scene;
mod status;
mod table;
mod terminal;

use behaviours::ALL;
use inits::Init;
use libtest_mimic::Arguments;
use scene::Scene;
use support::trial::trial;

/// The environment variable that names the file of the table.
const TABLE: &str = "LAMEDUCK_CONFORMANCE";

fn main() {
    if let Some(file) = std::env::var_os(TABLE) {
        std::process::exit(table::write(file.as_ref()));
    }
    let mut trials = Vec::new();
    for behaviour in ALL {
        for place in behaviour.places {
            let name = format!("{}_{}", behaviour.name, place.name());
            trials.push(trial(&name, &place.permitted(), move || {
                let lameduck = Init::lameduck();
                let scene = Scene::of(&lameduck, *place, behaviour.needs).expect("an option of lameduck");
                if let Err(reason) = (behaviour.asked)(&scene) {
                    panic!("{}: {reason}", behaviour.what);
                }
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Whether an init behaves so; else what it does, in few words.
type Verdict = Result<(), String>;

/// `Err` with the reason unless what was seen is what should be.
fn same<T: PartialEq + std::fmt::Debug>(seen: &T, expected: &T) -> Verdict {
    (seen == expected).then_some(()).ok_or_else(|| format!("{seen:?}, not {expected:?}"))
}
