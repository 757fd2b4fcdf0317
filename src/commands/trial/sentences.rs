//! The sentences around the table: what was tried, and what the numbers mean.
use super::report::{ColumnReport, Fate, KeptAliveLoad, Report};
use std::fmt::Write as _;

/// What was tried, under which load.
pub fn heading(report: &Report) -> String {
    let (server, load) = (&report.server, &report.load);
    let mut out = match (server.workers, server.work_ms) {
        (Some(workers), Some(work)) => {
            let plural = if workers == 1 { "" } else { "s" };
            format!("built-in server: {workers} worker{plural}, {} a request", milliseconds(work))
        }
        _ => shlex::try_join(server.command.iter().map(String::as_str))
            .unwrap_or_else(|_| server.command.join(" ")),
    };
    if let (Some(every), Some(slow)) = (load.slow_every, server.slow_work_ms) {
        let _ = write!(out, " (one in {every}: {})", milliseconds(slow));
    } else if let (Some(every), Some(path)) = (load.slow_every, &load.slow_path) {
        let _ = write!(out, " (one request in {every}: {path})");
    }
    if let Some(rate) = load.rate_per_second {
        let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
        let _ = write!(out, "; {rate} new connections a second, never pausing");
        if load.pause_ms > 0 {
            let _ = write!(out, ", each silent for its first {}", milliseconds(load.pause_ms));
        }
    }
    if let Some(clients) = &load.kept_alive {
        let _ = write!(out, "; {}", kept_alive(clients));
    }
    let _ = write!(
        out,
        "; {} after {}",
        load.stop_signal.trim_start_matches("SIG"),
        milliseconds(load.before_ms)
    );
    out
}

/// What the kept-alive clients do.
fn kept_alive(load: &KeptAliveLoad) -> String {
    let plural = if load.clients == 1 { "" } else { "s" };
    let mut out = format!("{} kept-alive client{plural}, thinking {}", load.clients, time(load.think_ms));
    if load.pipeline > 1 {
        let _ = write!(out, ", {} requests at once", load.pipeline);
    }
    if let Some(bytes) = load.body_bytes {
        let _ = write!(out, ", bodies of {bytes} bytes");
    }
    if let (Some(pieces @ 2..), Some(pause)) = (load.body_pieces, load.body_pause_ms) {
        let _ = write!(out, " in {pieces} pieces, {} apart", milliseconds(pause));
    }
    out
}

/// What the numbers mean, and what may be wrong with them; the verdict last.
pub fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if let (true, Some(rate)) = (report.load.backlog_may_empty, report.load.rate_per_second) {
        notes.push(format!(
            "The server can keep up with {rate:.0} a second: the backlog may empty (see --rate)."
        ));
    }
    notes.extend(report.columns.iter().flat_map(column_notes));
    notes.push(verdict(report.columns.iter().find(|column| column.lameduck)));
    notes
}

/// What may be wrong with the numbers of one column.
pub fn column_notes(column: &ColumnReport) -> Vec<String> {
    let ColumnReport { name, fate, .. } = column;
    let mut notes = Vec::new();
    if column.other_listeners > 0 {
        let (others, target) = (column.other_listeners, column.target);
        notes.push(format!("{name}: of {} listeners, {target} was loaded (another: --url).", others + 1));
    }
    notes.extend(doubts(name, fate));
    if let Some(kept) = &column.kept_alive {
        notes.extend(doubts(&format!("{name}, kept-alive"), &kept.fate));
    }
    if column.killed {
        notes.push(format!("{name}: the server was still there at the limit and had to be killed."));
    } else if column.processes_left > 0 {
        let left = column.processes_left;
        notes.push(format!("{name}: processes left behind by the server, killed since: {left}."));
    }
    notes
}

/// How a column's connections and requests were lost; none when none were.
pub fn losses(column: &ColumnReport) -> Option<String> {
    let fates = [Some(&column.fate), column.kept_alive.as_ref().map(|kept| &kept.fate)];
    let failures = fates.into_iter().flatten().flat_map(|fate| &fate.tally.lost_by);
    let by: Vec<String> = failures.map(|(failure, count)| format!("{count} {failure}")).collect();
    (!by.is_empty()).then(|| format!("{}: lost {}: {}.", column.name, column.lost(), by.join(", ")))
}

/// What may be wrong with the numbers of one kind of clients.
fn doubts(whose: &str, fate: &Fate) -> Vec<String> {
    let mut notes = Vec::new();
    for (local, count) in &fate.tally.not_tried_by {
        notes.push(format!("{whose}: not tried, which is not the server's fault: {count} ({local})."));
    }
    if fate.lost_before_stop > 0 {
        let lost = fate.lost_before_stop;
        notes.push(format!("{whose}: lost before the stop signal, so not by the stop: {lost}."));
    }
    if fate.tally.unanswered_after_close > 0 {
        let behind = fate.tally.unanswered_after_close;
        notes.push(format!(
            "{whose}: behind an answer that closed the connection, so for their clients to send again, not lost: {behind}."
        ));
    }
    notes
}

/// What lameduck lost.
fn verdict(lameduck: Option<&ColumnReport>) -> String {
    let Some(column) = lameduck else { return "lameduck was not tried.".to_owned() };
    if column.lost() == 0 {
        return "lameduck lost none.".to_owned();
    }
    let (lost, connections) = (column.fate.tally.lost, column.connections);
    let Some(kept) = &column.kept_alive else { return format!("lameduck lost {lost} of {connections}.") };
    let new = (connections > 0).then(|| format!("{lost} of {connections} connections and "));
    let tally = &kept.fate.tally;
    format!(
        "lameduck lost {}{} of {} kept-alive requests, {} of them on a used connection.",
        new.unwrap_or_default(),
        tally.lost,
        kept.requests,
        tally.lost_on_used
    )
}

/// A time to be read, not computed with: `0.4 ms`, `20 ms`, `1.2 s`.
pub fn time(milliseconds: f64) -> String {
    let shown = |number: f64, decimals: usize| {
        let text = format!("{number:.decimals$}");
        let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.to_owned()
    };
    match milliseconds {
        short if short < 9.95 => shown(short, 1) + " ms",
        short if short < 999.5 => shown(short, 0) + " ms",
        long => shown(long / 1e3, if long < 9_995.0 { 2 } else { 1 }) + " s",
    }
}

/// As [`time`], of a whole number.
#[allow(clippy::cast_precision_loss)] // no time here is longer than a few hours
pub fn milliseconds(count: u64) -> String {
    time(count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let times = [0.0, 0.42, 9.96, 20.4, 999.4, 999.6, 1200.0, 3000.0, 12_345.0].map(time);
        assert_eq!(times, ["0 ms", "0.4 ms", "10 ms", "20 ms", "999 ms", "1 s", "1.2 s", "3 s", "12.3 s"]);
    }
}
