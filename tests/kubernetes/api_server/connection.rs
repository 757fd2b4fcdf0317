//! One connection: one request and its answer, or several.
use super::{Fault, Objects, reviews};
use crate::scene::imf_date;
use jiff::Timestamp;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// How often a watch looks for something new, and whether its client is still there.
const PACE: Duration = Duration::from_millis(2);
/// A watch that its client has closed is seen to be closed within this time. The client gives up on an answer after 2 s.
const SEEN_CLOSED: Duration = Duration::from_secs(1);
/// Said with the last answer of a connection.
const CLOSE: &str = "connection: close\r\n";
/// How long a connection that is never answered stays.
const SILENCE: Duration = Duration::from_mins(2);

/// Serves it. Whatever breaks ends it: the client's side is what is tested.
pub fn serve(stream: TcpStream, settings: Arc<ServerConfig>, objects: &Mutex<Objects>) {
    let Ok(connection) = ServerConnection::new(settings) else { return };
    let mut stream = StreamOwned::new(connection, stream);
    let answers = objects.lock().expect("no test thread panics with it").begin_connection();
    for left in (0..answers.unwrap_or(1)).rev() {
        // Said to nobody who may believe that there is more to come.
        let close = if answers.is_none() { CLOSE } else { "" };
        if one(&mut stream, objects, close).is_none() || left == 0 {
            break;
        }
    }
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// One request. What is closed in place of an answer ends the connection.
fn one(stream: &mut Stream, objects: &Mutex<Objects>, close: &str) -> Option<()> {
    let (target, body) = request(stream)?;
    let is_watch = target.contains("watch=true");
    let (fault, is_forbidden) = {
        let mut objects = objects.lock().expect("no test thread panics with it");
        objects.asked.push(target.clone());
        let is_event = body.is_some() && !reviews::are_at(&target);
        let faults = if is_event { &mut objects.faults_of_events } else { &mut objects.faults };
        (faults.pop_front(), objects.is_forbidden)
    };
    match fault {
        Some(Fault::Status(code, retry_after)) => status(stream, code, retry_after, close),
        Some(Fault::Body(text)) => answer(stream, 200, close, text),
        Some(Fault::Silence) => thread::sleep(SILENCE),
        Some(Fault::Close) => return None,
        None if is_forbidden => status(stream, 403, None, close),
        None if is_watch => {
            watch(stream, &target, objects);
            return None;
        }
        None if reviews::are_at(&target) => {
            let review = body.expect("what is asked about");
            let review = reviews::answer(review, &objects.lock().expect("no test thread panics with it"));
            answer(stream, 201, close, &review.to_string());
        }
        None if body.is_some() => {
            let event = body.unwrap_or_default();
            objects.lock().expect("no test thread panics with it").events_written.push(event.clone());
            answer(stream, 201, close, &event.to_string());
        }
        None => {
            let found = found(&target, &objects.lock().expect("no test thread panics with it"));
            match found {
                Some(object) => answer(stream, 200, close, &object.to_string()),
                None => status(stream, 404, None, close),
            }
        }
    }
    Some(())
}

/// Its path and query; and what is written, if it is to write something.
fn request(stream: &mut Stream) -> Option<(String, Option<Value>)> {
    let mut read = Vec::new();
    let head_ends = loop {
        if let Some(at) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, &mut read)?;
    };
    let head = String::from_utf8(read[..head_ends].to_vec()).ok()?;
    let lower = head.to_lowercase();
    assert!(lower.contains("authorization: bearer "), "no token: {head}");
    let target = head.split(' ').nth(1)?.to_owned();
    if head.starts_with("GET ") {
        return Some((target, None));
    }
    assert!(head.starts_with("POST "), "{head}");
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let end = head_ends + length.unwrap_or(0_usize);
    while read.len() < end {
        more(stream, &mut read)?;
    }
    Some((target, Some(serde_json::from_slice(&read[head_ends..end]).expect("JSON"))))
}

fn more(stream: &mut Stream, read: &mut Vec<u8>) -> Option<()> {
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).ok().filter(|count| *count > 0)?;
    read.extend_from_slice(&bytes[..count]);
    Some(())
}

fn found(target: &str, objects: &Objects) -> Option<Value> {
    if target.contains("/pods/") {
        return objects.pod.clone();
    }
    if target.contains("/serviceaccounts/") {
        return None;
    }
    let service = selected(target, "labelSelector=");
    let slices = objects.slices.values().filter(|slice| {
        // `kubernetes.io/service-name in (web)`, percent-encoded.
        service.as_deref().is_none_or(|service| service.contains(label(slice)))
    });
    Some(json!({
        "kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1",
        "metadata": {"resourceVersion": objects.version.to_string()}, "items": slices.collect::<Vec<_>>()
    }))
}

/// Sends what happens to the slices that are meant, until the client goes.
fn watch(stream: &mut Stream, target: &str, objects: &Mutex<Objects>) {
    let (name, service) = (selected(target, "fieldSelector="), selected(target, "labelSelector="));
    let mut version: u64 =
        selected(target, "resourceVersion=").and_then(|text| text.parse().ok()).unwrap_or(0);
    let change = |by: isize| {
        let mut objects = objects.lock().expect("no test thread panics with it");
        objects.watches = objects.watches.saturating_add_signed(by);
        objects.most_watches = objects.most_watches.max(objects.watches);
    };
    // Another that is still open by then is open beside this one.
    let begin = Instant::now();
    while objects.lock().expect("no test thread panics with it").watches > 0 && begin.elapsed() < SEEN_CLOSED
    {
        thread::sleep(PACE);
    }
    change(1);
    head(stream, 200, CLOSE);
    let _ = stream.sock.set_read_timeout(Some(PACE));
    loop {
        let happened: Vec<(u64, Value)> = {
            let objects = objects.lock().expect("no test thread panics with it");
            objects.events.iter().filter(|(at, _)| *at > version).cloned().collect()
        };
        let mut lines = String::new();
        for (at, event) in happened {
            version = at;
            let slice = &event["object"];
            let is_meant = name
                .as_deref()
                .is_none_or(|name| name.contains(slice["metadata"]["name"].as_str().unwrap_or_default()))
                && service.as_deref().is_none_or(|service| service.contains(label(slice)));
            if is_meant {
                lines.extend([event.to_string(), "\n".to_owned()]);
            }
        }
        let is_sent =
            lines.is_empty() || stream.write_all(lines.as_bytes()).and_then(|()| stream.flush()).is_ok();
        let is_there = match stream.read(&mut [0; 64]) {
            Ok(count) => count > 0,
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        if !is_sent || !is_there {
            break change(-1);
        }
    }
}

fn label(slice: &Value) -> &str {
    slice["metadata"]["labels"]["kubernetes.io/service-name"].as_str().unwrap_or_default()
}

fn selected(target: &str, parameter: &str) -> Option<String> {
    let value = target.split(['?', '&']).find_map(|pair| pair.strip_prefix(parameter))?;
    Some(value.to_owned())
}

fn status(stream: &mut Stream, code: u16, retry_after: Option<u32>, close: &str) {
    let body =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": "Test"});
    let more = retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    answer(stream, code, &format!("{more}{close}"), &body.to_string());
}

fn answer(stream: &mut Stream, code: u16, more: &str, body: &str) {
    head(stream, code, &format!("{more}content-length: {}\r\n", body.len()));
    let _ = stream.write_all(body.as_bytes()).and_then(|()| stream.flush());
}

/// What has no length ends with the connection.
fn head(stream: &mut Stream, code: u16, more: &str) {
    let date = imf_date(Timestamp::now());
    let head =
        format!("HTTP/1.1 {code} Test\r\ndate: {date}\r\ncontent-type: application/json\r\n{more}\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.flush());
}
