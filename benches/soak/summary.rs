//! The tables, and the verdict.
use super::kinds::KINDS;
use super::long_life::Life;
use super::options::Options;
use super::stop::Stop;
use super::support::{machine, spread::Spread, table};
use std::fmt::Write as _;
use std::time::SystemTime;

/// More is no chance: how many late arrivals wait at once moves the peak, and that goes with the machine's load.
const PEAK_GROWTH: f64 = 2.0;

/// All that was done.
#[derive(Default)]
pub struct Summary {
    pub stops: Vec<Stop>,
    pub lives: Vec<Life>,
    /// What ended it early, or broke a stop.
    pub faults: Vec<String>,
    /// Our own descriptors at the first and at the last stop.
    pub own_descriptors: (usize, usize),
}

impl Summary {
    /// Connections that got in: answered by the server, or by lameduck.
    pub fn connections(&self) -> u64 {
        self.stops.iter().map(|stop| got_in(&stop.tally)).sum()
    }

    /// All that should not have been.
    pub fn all_faults(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        for (number, stop) in self.stops.iter().enumerate() {
            let of = stop.faults.iter().map(|fault| format!("stop {}, {}: {fault}", number + 1, stop.kind));
            faults.extend(of);
        }
        faults.extend(self.lives.iter().flat_map(|life| life.faults.clone()));
        let (first, last) = self.own_descriptors;
        if first != last {
            faults.push(format!("this program had {first} descriptors, then {last}"));
        }
        if let Some((first, last)) = self.tenths(|stop| stop.peak.memory_kb)
            && last > first * PEAK_GROWTH
        {
            faults.push(format!("memory at the peak: {first} kB at first, {last} kB at last"));
        }
        faults
    }

    /// The page.
    pub fn page(&self, options: &Options) -> String {
        let mut page = String::from("# Soak\n\n");
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let _ = writeln!(
            page,
            "Made by `{}` on {}: {}, lameduck {}{}.\n",
            options.command(),
            &date[..10],
            machine::describe(),
            env!("CARGO_PKG_VERSION"),
            if cfg!(debug_assertions) { ", a debug build" } else { "" },
        );
        page.push_str(WHAT);
        page.push_str(&table::text(&KINDS_COLUMNS, &self.by_kind()));
        if let Some(rows) = self.flat() {
            page.push_str(&table::text(&["median of the stops", "first tenth", "last tenth"], &rows));
        }
        if !self.lives.is_empty() {
            page.push_str(&table::text(&LIFE_COLUMNS, &self.lives.iter().map(life).collect::<Vec<_>>()));
        }
        let faults = self.all_faults();
        if faults.is_empty() {
            page.push_str(
                "\nNobody was lost. After each stop no process, zombie, socket, file or rule was left.\n",
            );
        } else {
            page.push_str("\nWhat should not have been:\n\n");
            for fault in faults {
                let _ = writeln!(page, "- {fault}");
            }
        }
        page
    }

    fn by_kind(&self) -> Vec<Vec<String>> {
        let of = |name: &str, stops: &[&Stop]| {
            let sum = |what: fn(&Stop) -> u64| stops.iter().map(|stop| what(stop)).sum::<u64>().to_string();
            let took = Spread::of(stops.iter().map(|stop| stop.took.as_secs_f64() * 1000.0));
            vec![
                name.to_owned(),
                stops.len().to_string(),
                sum(|stop| got_in(&stop.tally)),
                sum(|stop| stop.tally.answered),
                sum(|stop| stop.tally.answered_late),
                sum(|stop| stop.tally.refused),
                sum(|stop| stop.tally.lost),
                format!("{:.0}", took.median()),
                format!("{:.0}", took.percentile(100)),
            ]
        };
        let all: Vec<&Stop> = self.stops.iter().collect();
        let kinds = KINDS.iter().map(|kind| (kind.name, all.iter().filter(|stop| stop.kind == kind.name)));
        let kinds = kinds.map(|(name, stops)| (name, stops.copied().collect::<Vec<_>>()));
        let rows = kinds.chain([("all", all.clone())]).filter(|(_, stops)| !stops.is_empty());
        rows.map(|(name, stops)| of(name, &stops)).collect()
    }

    fn flat(&self) -> Option<Vec<Vec<String>>> {
        let row = |name: &str, what: fn(&Stop) -> u64| {
            let (first, last) = self.tenths(what)?;
            Some(vec![name.to_owned(), format!("{first:.0}"), format!("{last:.0}")])
        };
        Some(vec![
            row("lameduck's memory while it serves, kB", |stop| stop.at_rest.memory_kb)?,
            row("its memory at the peak of the drain, kB", |stop| stop.peak.memory_kb)?,
            row("its descriptors while it serves", |stop| stop.at_rest.descriptors as u64)?,
            row("its descriptors at the peak of the drain", |stop| stop.peak.descriptors as u64)?,
        ])
    }

    /// The medians of the first and of the last tenth. None before there are enough for all kinds to be in both.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn tenths(&self, what: impl Fn(&Stop) -> u64) -> Option<(f64, f64)> {
        let tenth = (self.stops.len() / 10).next_multiple_of(KINDS.len());
        let figures: Vec<f64> = self.stops.iter().map(|stop| what(stop) as f64).collect();
        let enough = tenth > 0 && figures.len() >= tenth * 2;
        let median = |part: &[f64]| Spread::of(part.iter().copied()).median();
        enough.then(|| (median(&figures[..tenth]), median(&figures[figures.len() - tenth..])))
    }
}

fn got_in(tally: &lameduck::load::Tally) -> u64 {
    tally.answered + tally.answered_late
}

fn life(life: &Life) -> Vec<String> {
    let figures = [
        life.first.memory_kb,
        life.last.memory_kb,
        life.first.descriptors as u64,
        life.last.descriptors as u64,
    ];
    [vec![life.name.clone()], figures.map(|figure| figure.to_string()).into()].concat()
}

const KINDS_COLUMNS: [&str; 9] = [
    "gunicorn, under lameduck",
    "stops",
    "connections",
    "answered",
    "answered 503",
    "refused",
    "LOST",
    "TERM to exit, ms: median",
    "most",
];
const LIFE_COLUMNS: [&str; 5] =
    ["one lameduck that lives on", "memory before, kB", "after", "descriptors before", "after"];

const WHAT: &str = "A real gunicorn with two workers is started under `lameduck run`, loaded with twice as many new connections as it can take,
told to stop in the middle, and loaded until it is gone: one after the other, the servers taking turns.
Connections are those that got in; who comes when all is over is refused. After each stop these are looked for: processes of
its tree and zombies (this program is a subreaper: they would come to it), sockets in this network namespace in any state but
TIME_WAIT, tables of nftables, files. Memory is lameduck's own: anonymous pages; its peak goes with how many
late arrivals are at lameduck at once, each of them a descriptor.
";
