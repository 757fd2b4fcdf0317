//! The work in order: read, take away what an earlier one has added, choose, check, add, read again.
use super::edits::Edits;
use super::manifest::{self, Input, Workload};
use super::modes::{misled_by_service_links, overlay, reads_own_pod};
use super::options::Options;
use super::overlay::{Laying, aliased};
use super::place::Text;
use super::pod::{Choice, Pod, choose};
use super::rbac::{self, Accounts};
use super::record::{ANNOTATION, Record};
use super::shape::Shape;
use super::splice;
use super::tree::Node;
use super::value::Value;
use super::{Outcome, Trouble, check_length, checks};

/// Puts lameduck into the manifests' pods. What is there from an earlier time is taken away first: twice is once, and other options
/// replace those of before.
///
/// # Errors
/// When the text cannot be read, or one of its workloads cannot be drained as asked, with all reasons.
pub fn inject(text: &str, options: &Options) -> Result<Outcome, Trouble> {
    let is_meant = |workload: &Workload| {
        options.workloads.is_empty() || options.workloads.iter().any(|selector| selects(selector, workload))
    };
    let all = options.workloads.is_empty();
    let before = taken_away(text, is_meant, |_, _| all)?;
    let text = before.text;
    let input = manifest::read(&text)?;
    let found = manifest::workloads(&input);
    let (mut refusals, mut notes) = (found.refusals, found.notes);
    for selector in &options.workloads {
        if !found.workloads.iter().any(|workload| selects(selector, workload)) {
            refusals.push(format!("there is no {selector}: --workload names one such as deployment/web"));
        }
    }
    let mut pods = Vec::new();
    for workload in found.workloads.iter().filter(|workload| is_meant(workload)) {
        match choose(workload, options) {
            Choice::Pod(pod) => {
                let of = |what: String| format!("{}: {what}", workload.what);
                notes.extend(checks::notes(&pod, options).into_iter().map(of));
                let why = checks::refusals(&pod, options);
                if why.is_empty() {
                    pods.push(pod);
                }
                refusals.extend(why.into_iter().map(of));
            }
            Choice::NotHere => {
                let name = options.container.as_deref().unwrap_or("its default container");
                notes.push(format!("{}: left alone: it has no container {name}", workload.what));
            }
            Choice::Unclear(why) => refusals.push(format!("{}: {why}", workload.what)),
        }
    }
    if let (Some(container), true, true) = (&options.container, pods.is_empty(), refusals.is_empty()) {
        refusals.push(format!("no workload has a container {container}"));
    }
    notes.extend(misleading_service(&input, &pods, options));
    let mut edits: Vec<Edits> = input.documents.iter().map(|_| Edits::default()).collect();
    let mut accounts = Accounts::new();
    for pod in &pods {
        let document = pod.workload.document;
        if let Err(why) = lay(pod, options, &input.documents[document].root, &mut edits[document]) {
            refusals.push(format!("{}: {why}", pod.workload.what));
        }
        if options.with_rbac {
            let account = (pod.workload.namespace.map(str::to_owned), pod.service_account().to_owned());
            *accounts.entry(account).or_default() |= reads_own_pod(pod, options);
        }
    }
    if !refusals.is_empty() {
        return Err(Trouble::Refused(refusals));
    }
    let changed: Vec<String> = pods.iter().map(|pod| pod.workload.what.clone()).collect();
    if changed.is_empty() {
        notes.push(
            "there is no Deployment, StatefulSet, DaemonSet, ReplicaSet or Pod to inject into".to_owned(),
        );
    }
    let new = edited(&text, &input, &edits)?;
    let new = without_own(&new, |namespace, name| {
        accounts
            .keys()
            .any(|(of, account)| of.as_deref() == namespace && name == format!("lameduck-{account}"))
    })?;
    let behind = rbac::behind(&new, input.json, Text(&new).eol(), &accounts);
    Ok(Outcome { text: new + &behind, changed, notes })
}

/// Takes lameduck out of all pods again.
///
/// # Errors
/// When the text cannot be read, or what was added is no longer as it was.
pub fn uninject(text: &str) -> Result<Outcome, Trouble> {
    let mut outcome = taken_away(text, |_| true, |_, _| true)?;
    if outcome.changed.is_empty() {
        outcome.notes.push("lameduck is in none of these".to_owned());
    }
    Ok(outcome)
}

fn taken_away(
    text: &str,
    is_meant: impl Fn(&Workload) -> bool,
    is_gone: impl Fn(Option<&str>, &str) -> bool,
) -> Result<Outcome, Trouble> {
    check_length(text)?;
    let input = manifest::read(text)?;
    let found = manifest::workloads(&input);
    let mut edits: Vec<Edits> = input.documents.iter().map(|_| Edits::default()).collect();
    let (mut changed, mut refusals) = (Vec::new(), Vec::new());
    for workload in found.workloads.iter().filter(|workload| is_meant(workload)) {
        let taken = Record::of_template(workload.template).and_then(|record| {
            let Some(record) = record else { return Ok(()) };
            changed.push(workload.what.clone());
            record.taken_away(workload.template, &workload.way, &mut edits[workload.document])
        });
        refusals.extend(taken.err().map(|why| format!("{}: {why}", workload.what)));
    }
    if !refusals.is_empty() {
        return Err(Trouble::Refused(refusals));
    }
    let text = without_own(&edited(text, &input, &edits)?, is_gone)?;
    Ok(Outcome { text, changed, notes: Vec::new() })
}

/// Whether `KIND/NAME` or `NAME` is this one.
pub fn selects(selector: &str, workload: &Workload) -> bool {
    let name = workload.what.split_once('/').map(|(_, name)| name);
    selector.to_lowercase() == workload.what || Some(selector) == name
}

/// A Service that is called lameduck, by which the kubelet sets LAMEDUCK_PORT to what is no port.
fn misleading_service(input: &Input, pods: &[Pod], options: &Options) -> Option<String> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let service = input.documents.iter().any(|document| {
        text(&document.root, "kind").as_deref() == Some("Service")
            && document.root.get("metadata").and_then(|metadata| text(metadata, "name")).as_deref()
                == Some("lameduck")
    });
    let misled = options.ports.is_empty() && pods.iter().any(misled_by_service_links);
    (service && misled).then(|| {
        "service/lameduck: the kubelet sets LAMEDUCK_PORT for it to what is no port: call it otherwise, or give --port".to_owned()
    })
}

/// Lays what the mode adds over one template.
fn lay(pod: &Pod, options: &Options, root: &Node, edits: &mut Edits) -> Result<(), String> {
    let mut here = Edits::default();
    let mut laying =
        Laying { aliased: &aliased(root), edits: &mut here, record: Record::of(options.mode.name()) };
    laying.lay(&overlay(pod, options), pod.workload.template, &pod.workload.way, &[])?;
    let record = laying.record.text();
    for changes in here.0.values_mut() {
        for (key, value) in &mut changes.put {
            note(&record, key, value);
        }
        if let Some(Value::Map(entries)) = &mut changes.fill {
            for (key, value) in entries {
                note(&record, key, value);
            }
        }
    }
    edits.0.append(&mut here.0);
    Ok(())
}

/// Writes the record where its annotation is.
fn note(record: &str, key: &str, value: &mut Value) {
    match value {
        Value::Text(text) if key == ANNOTATION => record.clone_into(text),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| note(record, key, value)),
        _ => {}
    }
}

/// The text after these edits, one of each document; it is read again, and has to mean what was meant.
fn edited(text: &str, input: &Input, edits: &[Edits]) -> Result<String, Trouble> {
    if edits.iter().all(Edits::is_empty) {
        return Ok(text.to_owned());
    }
    let mut pieces = Vec::new();
    for (document, edits) in input.documents.iter().zip(edits) {
        let refused = |why| Trouble::Refused(vec![why]);
        pieces.extend(splice::pieces(Text(text), &document.root, edits).map_err(refused)?);
    }
    let new = splice::spliced(text, pieces);
    let again = manifest::read(&new).ok().filter(|again| again.documents.len() == input.documents.len());
    for (number, (document, edits)) in input.documents.iter().zip(edits).enumerate() {
        let meant = Shape::after(&document.root, edits);
        let is = again.as_ref().map(|again| Shape::after(&again.documents[number].root, &Edits::default()));
        if is.as_ref() != Some(&meant) {
            let line = document.root.line;
            return Err(Trouble::Refused(vec![format!(
                "the document at line {line} is written in a way that cannot be edited without doubt: write it plainly, such as \
                 `kubectl create --dry-run=client --output yaml --filename` does"
            )]));
        }
    }
    Ok(new)
}

/// The text without documents that are lameduck's own.
fn without_own(text: &str, is_gone: impl Fn(Option<&str>, &str) -> bool) -> Result<String, Trouble> {
    let input = manifest::read(text)?;
    let mut ranges = rbac::own_documents(text, &input, is_gone);
    ranges.sort_by_key(|range| range.start);
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        new.push_str(&text[at..range.start.max(at)]);
        at = range.end.max(at);
    }
    new.push_str(&text[at..]);
    Ok(new)
}
