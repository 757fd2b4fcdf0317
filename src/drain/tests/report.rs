//! The report as JSON, and its schema in docs/report.md.
use super::super::{Answers, Endpoints, LeftBehind, Observation, Outcome, Report, SocketReport, Tally};
use crate::park::Figures;
use serde_json::Value;
use std::collections::BTreeSet;

const DOCUMENTED: &str = include_str!("../../../docs/report.md");

/// A report in which every value is there, and no two numbers are the same.
fn report() -> Report {
    let mut tally = Tally::default();
    for n in [1, 20, 10] {
        tally.observe(Observation {
            arrivals: None,
            queue: Some(n),
            half_open: Some(n + 1),
            unread: Some(n + 2),
            in_flight: Some(n + 3),
            silent: Some(n + 4),
            idle: Some(n + 5),
            unknown: Some(n + 6),
        });
    }
    Report {
        version: "1.2.3",
        outcome: Outcome::TimedOut,
        gate: "divert",
        gate_reason: "works for every listener".to_owned(),
        capture: "getfd",
        source: "sock_diag",
        listeners: vec!["0.0.0.0:8000".to_owned(), "[::1]:8001".to_owned()],
        sockets: vec![SocketReport {
            address: "0.0.0.0:8000".to_owned(),
            holders: 601,
            queue_limit: Some(602),
            gate: "refuse",
            gate_reason: "new connections were refused".to_owned(),
            capture: "listen",
        }],
        lame_duck_ms: Some(101),
        gated_ms: Some(102),
        stopping_ms: Some(103),
        closing_ms: Some(104),
        endpoints: Endpoints::Withdrawn,
        endpoints_ms: Some(105),
        deadline_ms: Some(106),
        tally,
        late_arrivals: Answers {
            answered: 201,
            goaway: 206,
            alerted: 207,
            passed_on: 208,
            relayed: 204,
            cut: 205,
            closed: 202,
            gone: 203,
        },
        the_rest: Answers {
            answered: 301,
            goaway: 306,
            alerted: 307,
            passed_on: 308,
            relayed: 304,
            cut: 305,
            closed: 302,
            gone: 303,
        },
        late_requests: Answers {
            answered: 351,
            goaway: 356,
            alerted: 357,
            passed_on: 358,
            relayed: 354,
            cut: 355,
            closed: 352,
            gone: 353,
        },
        park: Figures {
            parked: 501,
            released: 502,
            at_rest: 503,
            pipelining: 504,
            blocking: 505,
            unknown: 506,
            out_of_reach: 507,
            cut: 508,
        },
        left_behind: LeftBehind { unanswered: 401 },
        signal_in: Some("TERM".to_owned()),
        signal_out: Some("QUIT".to_owned()),
        killed: true,
        exit_status: 137,
    }
}

/// The names, those of objects inside with a dot.
fn names(value: &Value) -> BTreeSet<String> {
    let members = match value {
        Value::Object(members) => members,
        Value::Array(all) => return all.iter().flat_map(names).collect(),
        _ => return BTreeSet::new(),
    };
    let within = |(name, value)| {
        let inner = names(value).into_iter().map(move |inner| format!("{name}.{inner}"));
        inner.chain([String::from(name)])
    };
    members.iter().flat_map(within).collect()
}

#[test]
#[allow(clippy::too_many_lines, reason = "the report is that long")]
fn given_a_report_with_everything_then_each_fact_stands_under_its_name() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&report()).unwrap(), @r#"
    {
      "version": "1.2.3",
      "outcome": "timed-out",
      "gate": "divert",
      "gate_reason": "works for every listener",
      "capture": "getfd",
      "source": "sock_diag",
      "listeners": [
        "0.0.0.0:8000",
        "[::1]:8001"
      ],
      "sockets": [
        {
          "address": "0.0.0.0:8000",
          "holders": 601,
          "queue_limit": 602,
          "gate": "refuse",
          "gate_reason": "new connections were refused",
          "capture": "listen"
        }
      ],
      "lame_duck_ms": 101,
      "gated_ms": 102,
      "stopping_ms": 103,
      "closing_ms": 104,
      "endpoints": "withdrawn",
      "endpoints_ms": 105,
      "deadline_ms": 106,
      "queue": {
        "at_stop": 1,
        "highest": 20,
        "at_forward": 10
      },
      "half_open": {
        "at_stop": 2,
        "highest": 21,
        "at_forward": 11
      },
      "unread": {
        "at_stop": 3,
        "highest": 22,
        "at_forward": 12
      },
      "in_flight": {
        "at_stop": 4,
        "highest": 23,
        "at_forward": 13
      },
      "silent": {
        "at_stop": 5,
        "highest": 24,
        "at_forward": 14
      },
      "idle": {
        "at_stop": 6,
        "highest": 25,
        "at_forward": 15
      },
      "unknown": {
        "at_stop": 7,
        "highest": 26,
        "at_forward": 16
      },
      "late_arrivals": {
        "answered": 201,
        "goaway": 206,
        "alerted": 207,
        "passed_on": 208,
        "relayed": 204,
        "cut": 205,
        "closed": 202,
        "gone": 203
      },
      "the_rest": {
        "answered": 301,
        "goaway": 306,
        "alerted": 307,
        "passed_on": 308,
        "relayed": 304,
        "cut": 305,
        "closed": 302,
        "gone": 303
      },
      "late_requests": {
        "answered": 351,
        "goaway": 356,
        "alerted": 357,
        "passed_on": 358,
        "relayed": 354,
        "cut": 355,
        "closed": 352,
        "gone": 353
      },
      "park": {
        "parked": 501,
        "released": 502,
        "at_rest": 503,
        "pipelining": 504,
        "blocking": 505,
        "unknown": 506,
        "out_of_reach": 507,
        "cut": 508
      },
      "left_behind": {
        "unanswered": 401
      },
      "signal_in": "TERM",
      "signal_out": "QUIT",
      "killed": true,
      "exit_status": 137
    }
    "#);
}

#[test]
fn given_a_report_with_nothing_known_then_every_name_is_still_there() {
    let nothing = Report {
        lame_duck_ms: None,
        gated_ms: None,
        stopping_ms: None,
        closing_ms: None,
        endpoints_ms: None,
        deadline_ms: None,
        tally: Tally::default(),
        signal_in: None,
        signal_out: None,
        ..report()
    };
    let [nothing, everything] = [nothing, report()].map(|report| serde_json::to_value(report).unwrap());
    assert_eq!(names(&nothing), names(&everything));
    assert_eq!((&nothing["gated_ms"], &nothing["queue"]["at_stop"]), (&Value::Null, &Value::Null));
}

#[test]
fn given_the_documented_schema_then_it_has_the_names_of_a_report_and_no_others() {
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let documented: BTreeSet<String> = DOCUMENTED.lines().filter_map(row).collect();
    let outcomes = [Outcome::Drained, Outcome::TimedOut, Outcome::Skipped, Outcome::ServerExited];
    let outcomes = outcomes.map(|outcome| serde_json::to_value(outcome).unwrap());
    let outcomes = outcomes.iter().filter_map(Value::as_str).map(str::to_owned);
    let names = names(&serde_json::to_value(report()).unwrap());
    let last = names.iter().filter_map(|name| name.rsplit('.').next()).map(str::to_owned);
    assert_eq!(documented, last.chain(outcomes).collect());
}

#[test]
fn given_the_documented_example_then_it_has_the_names_of_a_report() {
    let example = DOCUMENTED.split("```").nth(1).unwrap().strip_prefix("json").unwrap();
    let example: Value = serde_json::from_str(example).unwrap();
    assert_eq!(names(&example), names(&serde_json::to_value(report()).unwrap()));
}
