//! A drain beside thousands of established connections into which 2,000 late arrivals come a second.
use super::clients::{PATIENCE, ask, at_rest, connect, raise_descriptors};
use super::supervised::Supervised;
use super::support::table;
use lameduck::load::{Load, Plan, Tally};
use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

const ESTABLISHED: [usize; 2] = [5_000, 10_000];
const A_SECOND: f64 = 2_000.0;
/// How long they come.
const COMING: Duration = Duration::from_secs(4);
/// From the stop until they come: all marks are raised, and all tables are as large as they become.
const BEFORE: Duration = Duration::from_secs(3);
/// One request is in flight for so long, and holds the drain beyond that.
const WORK: Duration = Duration::from_secs(9);

const ROWS: [&str; 6] = [
    "answered late, of those that came",
    "lameduck's processor time, % of one",
    "the same before they came",
    "lameduck's private memory, kB",
    "the drain beyond the request that held it, ms",
    "of that after the server's signal, ms",
];

/// Measures, and prints the table.
pub fn measure() {
    raise_descriptors();
    let figures = ESTABLISHED.map(drain_beside);
    let rows: Vec<Vec<String>> = ROWS
        .iter()
        .enumerate()
        .map(|(row, what)| {
            [vec![(*what).to_owned()], figures.iter().map(|figures| figures[row].clone()).collect()].concat()
        })
        .collect();
    let heads = ESTABLISHED.map(|established| format!("{established} established"));
    table::print(&["a drain, 2,000 late arrivals a second", &heads[0], &heads[1]], &rows);
}

fn drain_beside(established: usize) -> [String; 6] {
    let supervised = Supervised::start(&["--gate", "divert", "--settle", "0", "--lame-duck", "0"]);
    let pid = supervised.pid();
    let _established = at_rest(supervised.address, established);
    let mut working = connect(supervised.address);
    ask(&mut working, WORK.as_millis().try_into().expect("milliseconds"));
    let begin = Instant::now();
    supervised.stop();
    std::thread::sleep(BEFORE);
    let alone = Used::of(pid).percent(pid);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (percent, memory, outcomes) = runtime.block_on(async {
        let load = Load::start(plan(&supervised));
        let used = Used::of(pid);
        tokio::time::sleep(COMING).await;
        let (percent, memory) = (used.percent(pid), private_kb(pid));
        (percent, memory, load.finish(PATIENCE).await)
    });
    // Its client goes with its answer: kept alive, it would have to be quiet for as long as that took.
    let length = working.read(&mut [0; 512]).expect("an answer");
    assert!(length > 0, "the server has closed");
    drop(working);
    let (_, report) = supervised.ended();
    let (took, tally) = (begin.elapsed(), Tally::of(&outcomes));
    assert_eq!((&report["outcome"], &report["left_behind"]["unanswered"]), (&"drained".into(), &0.into()));
    assert_eq!((tally.answered_late, tally.lost), (tally.tried, 0), "{report}");
    [
        format!("{} of {}", tally.answered_late, tally.tried),
        format!("{percent:.1}"),
        format!("{alone:.1}"),
        memory.to_string(),
        took.saturating_sub(WORK).as_millis().to_string(),
        after_signal(&report).to_string(),
    ]
}

/// In milliseconds: the server's own stop, and ours.
fn after_signal(report: &serde_json::Value) -> u64 {
    ["stopping_ms", "closing_ms"].iter().filter_map(|phase| report[phase].as_u64()).sum()
}

fn plan(supervised: &Supervised) -> Plan {
    Plan {
        target: supervised.address.into(),
        rate: A_SECOND,
        host: "localhost".into(),
        path: "/0".into(),
        slow: None,
        pause: Duration::ZERO,
        client_timeout: PATIENCE,
        at_once: 5000,
    }
}

/// What a process had used, and when.
struct Used {
    at: Instant,
    cpu_ns: u64,
}

impl Used {
    fn of(pid: u32) -> Self {
        Self { at: Instant::now(), cpu_ns: cpu_ns(pid) }
    }

    /// Of one processor, since then and for a second at least.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn percent(&self, pid: u32) -> f64 {
        std::thread::sleep(Duration::from_secs(1).saturating_sub(self.at.elapsed()));
        (cpu_ns(pid) - self.cpu_ns) as f64 / self.at.elapsed().as_nanos() as f64 * 100.0
    }
}

/// Nanoseconds that the threads of a process have run (Documentation/scheduler/sched-stats.rst).
fn cpu_ns(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a child of ours").filter_map(Result::ok);
    let times = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    times.filter_map(|times| times.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// Anonymous pages of a process.
fn private_kb(pid: u32) -> usize {
    let smaps = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("a child of ours");
    let line = smaps.lines().find_map(|line| line.strip_prefix("Anonymous:")).expect("Anonymous");
    line.trim().trim_end_matches(" kB").parse().expect("kB")
}
