//! Soak: a real gunicorn is stopped under load again and again. Nobody is lost, nothing is left behind, nothing grows.
//!
//! `cargo bench --bench soak -- --stops 1000 --connections 1000000 --time 90m --markdown docs/soak.md`
//!
//! | file | subject |
//! |---|---|
//! | `options` | the command line |
//! | `kinds` | the servers that take turns |
//! | `stop` | one stop under load |
//! | `left` | what a stop leaves behind |
//! | `lameduck_now` | lameduck's memory and descriptors |
//! | `long_life` | one lameduck that lives on |
//! | `summary` | the tables, and the verdict |
//!
//! It ends by itself, when it has been told to (INT, TERM) after the stop that is under way, and in any case at `--time`;
//! with status 0 when everything that was asked for was done, and nothing was wrong.
#[path = "../../tests/faults/own_network.rs"]
#[allow(unsafe_code, reason = "the few calls that no library offers")]
mod own_network;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../tests/refuse/tables.rs"]
mod tables;
#[path = "../../tests/support/mod.rs"]
mod tests_support;

mod kinds;
mod lameduck_now;
mod left;
mod long_life;
mod options;
mod stop;
mod summary;

use clap::Parser;
use kinds::{KINDS, Kind};
use options::Options;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use summary::Summary;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// So many stops that were given up are no chance.
const TOO_MANY: usize = 5;

fn main() -> ExitCode {
    let options = Options::parse();
    if !KINDS.iter().any(|kind| options.includes(kind.name)) {
        eprintln!(
            "--only: no server has this name: {:?}",
            KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>()
        );
        return ExitCode::FAILURE;
    }
    if options.stops == 0 || !support::machine::begin("Soak") {
        println!("no stop was asked for: cargo bench --bench soak -- --stops 60");
        return ExitCode::SUCCESS;
    }
    // While there is a network: it may have to be installed.
    tests_support::python::python_env();
    // Before any thread, which would stay in the other network.
    if let Err(error) = own_network::enter() {
        eprintln!("nothing was tried: a network namespace of its own cannot be had ({error})");
        return ExitCode::FAILURE;
    }
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        eprintln!("nothing was tried: not a subreaper ({error})");
        return ExitCode::FAILURE;
    }
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let summary = soak(&options, &runtime);
    let page = summary.page(&options);
    println!("\n{page}");
    if let Some(file) = &options.markdown
        && let Err(error) = fs::write(file, &page)
    {
        eprintln!("{}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if summary.all_faults().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where lameduck writes what its drain came to.
fn report_file() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}.json", std::process::id()))
}

fn soak(options: &Options, runtime: &Runtime) -> Summary {
    let begin = Instant::now();
    let told = interrupted(runtime);
    let mut summary = Summary::default();
    let lives: [fn(u32) -> long_life::Life; 3] = [
        |times| long_life::reloads(&[], times),
        |times| long_life::reloads(&["--capture", "bind"], times),
        |_| long_life::orphans(),
    ];
    for life in lives {
        match catch_unwind(|| life(options.reloads)) {
            Ok(life) => summary.lives.push(life),
            Err(_) => summary.faults.push("one lameduck that lives on: given up".into()),
        }
    }
    let has_all = |summary: &Summary| {
        summary.stops.len() >= options.stops as usize && summary.connections() >= options.connections
    };
    for number in 0.. {
        if has_all(&summary) {
            break;
        }
        if told.load(Ordering::Relaxed) || begin.elapsed() >= options.time || summary.faults.len() >= TOO_MANY
        {
            summary.faults.push(format!("ended early, after {} s", begin.elapsed().as_secs()));
            break;
        }
        one(&mut summary, number, options, runtime);
        progress(&summary, begin);
    }
    summary
}

fn one(summary: &mut Summary, number: usize, options: &Options, runtime: &Runtime) {
    let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| options.includes(kind.name)).collect();
    let kind = kinds[number % kinds.len()];
    let stop = std::panic::AssertUnwindSafe(|| stop::stop(kind, options.a_stop(), runtime));
    match catch_unwind(stop) {
        Ok(stop) => {
            for fault in &stop.faults {
                eprintln!("stop {}, {}: {fault}", number + 1, stop.kind);
            }
            summary.stops.push(stop);
        }
        Err(_) => summary.faults.push(format!("stop {}, {}: given up", number + 1, kind.name)),
    }
    let own = lameduck_now::Seen::of(std::process::id()).descriptors;
    let first = if number == 0 { own } else { summary.own_descriptors.0 };
    summary.own_descriptors = (first, own);
}

/// A line every so many stops.
fn progress(summary: &Summary, begin: Instant) {
    let stops = summary.stops.len();
    if stops.is_multiple_of(10) {
        let lost: u64 = summary.stops.iter().map(|stop| stop.tally.lost).sum();
        let (connections, seconds) = (summary.connections(), begin.elapsed().as_secs());
        println!("{stops} stops, {connections} connections, {lost} lost, {seconds} s");
    }
}

/// Whether INT or TERM has come. Seen whenever the runtime runs.
fn interrupted(runtime: &Runtime) -> Arc<AtomicBool> {
    let told = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let told = Arc::clone(&told);
        let _entered = runtime.enter();
        let mut signals = signal(kind).expect("a handler");
        runtime.spawn(async move {
            signals.recv().await;
            told.store(true, Ordering::Relaxed);
        });
    }
    told
}
