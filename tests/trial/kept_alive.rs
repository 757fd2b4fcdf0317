//! Kept-alive clients beside new ones, or alone, through a stop.
use super::{assert_each_is_counted_once, assert_nobody_listens, count, result};
use serde_json::Value;

#[test]
fn given_both_kinds_when_the_server_is_stopped_plainly_then_each_loses_and_each_is_counted() {
    let (status, report) = result(&["--only=plain", "--before=1s"]);
    let column = &report["columns"][0];
    assert_eq!((status, &report["load"]["clients"]), (Some(0), &"both".into()));
    assert_each_is_counted_once(column);
    assert!(count(column, "answered") > 0 && count(column, "lost") > 0, "{column}");
    assert_eq!(count(column, "lost_on_used"), 0, "{column}");

    let kept = &column["kept_alive"];
    assert_each_is_counted_once(kept);
    assert_eq!(count(kept, "clients"), 10);
    assert!(count(kept, "answered") > 0 && count(kept, "lost_on_used") > 0, "{kept}");
    assert_eq!(count(kept, "other_answers"), 0, "{kept}");
    assert_nobody_listens(column);
}

#[test]
fn given_lameduck_and_both_kinds_then_nobody_is_lost() {
    let (status, report) = result(&["--only=lameduck", "--before=1s", "--kept-alive=8"]);
    let column = &report["columns"][0];
    let kept = &column["kept_alive"];
    for each in [column, kept] {
        assert_each_is_counted_once(each);
        assert!(count(each, "answered") > 0, "{each}");
    }
    assert_eq!((count(column, "lost"), count(kept, "lost")), (0, 0), "{report}");
    assert_eq!((status, &report["lost_under_lameduck"]), (Some(0), &0.into()));
    assert!(count(kept, "answered_late") > 0, "the stop met them: {kept}");
}

#[test]
fn given_kept_alive_clients_alone_then_there_are_no_new_connections_and_no_rate() {
    let (_, report) = result(&["--only=plain", "--before=500ms", "--clients=kept-alive", "--kept-alive=3"]);
    let column = &report["columns"][0];
    assert_eq!((count(column, "connections"), &report["load"]["rate_per_second"]), (0, &Value::Null));
    let kept = &column["kept_alive"];
    assert_each_is_counted_once(kept);
    assert!(count(kept, "answered") > 3, "{kept}");
}

#[test]
fn given_new_clients_alone_then_there_are_no_others() {
    let (_, report) = result(&["--only=plain", "--before=500ms", "--clients=new"]);
    let column = &report["columns"][0];
    assert_eq!((&column["kept_alive"], &report["load"]["kept_alive"]), (&Value::Null, &Value::Null));
    assert!(count(column, "answered") > 0, "{column}");
}

#[test]
fn given_pipelined_bodies_in_pieces_then_they_are_answered_and_the_load_has_them() {
    let (_, report) = result(&[
        "--only=plain",
        "--before=1s",
        "--clients=kept-alive",
        "--kept-alive=4",
        "--work=1ms",
        "--think=1ms",
        "--pipeline=3",
        "--body=100KiB",
        "--body-pieces=5",
        "--body-pause=1ms",
        "--body-chunked",
        "--body-expect",
        "--slow-every=10",
        "--slow-work=20ms",
    ]);
    let load = &report["load"]["kept_alive"];
    let told = ["pipeline", "body_bytes", "body_pieces", "body_pause_ms"].map(|name| count(load, name));
    assert_eq!(told, [3, 102_400, 5, 1], "{load}");
    assert_eq!((&load["body_chunked"], &load["body_expect"]), (&true.into(), &true.into()));
    let kept = &report["columns"][0]["kept_alive"];
    assert_each_is_counted_once(kept);
    assert!(count(kept, "answered") > 12 && count(kept, "unanswered_after_close") == 0, "{kept}");
    assert!(kept["latency_ms"]["max"].as_f64().unwrap() >= 20.0, "{kept}");
}
