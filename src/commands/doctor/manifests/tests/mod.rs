//! Each thing that a manifest can say of a drain, and the line that it gets: with it and without.
mod confined;
mod related;
mod timed;

use super::page::Page;
use super::reading::Source;
use super::{Question, examine};
use crate::commands::doctor::finding::{Finding, State};
use crate::commands::doctor::promise::Way;
use crate::inject::Trouble;

/// A Deployment with this in its pods' spec, and this in its container.
fn deployment(spec: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{containers: [{{name: web, ports: [{{name: http, containerPort: 8000}}], {container}}}], {spec}}}\n"
    )
}

/// The same under `lameduck run`, with what it needs of its options.
fn drained(spec: &str, container: &str, env: &str) -> String {
    let run = "command: [lameduck, run, --, gunicorn, -k, gevent, --graceful-timeout=4, a:a]";
    deployment(spec, &format!("{run}, env: [{{name: LAMEDUCK_DEADLINE, value: 30s}}, {env}], {container}"))
}

fn question(way: Way) -> Question {
    Question { workloads: Vec::new(), container: None, way, options: Vec::new() }
}

fn page(text: &str) -> Page {
    asked(text, &question(Way::Run))
}

fn asked(text: &str, question: &Question) -> Page {
    match examine(&Source { text: text.to_owned(), ..Source::default() }, question) {
        Ok((page, _)) => page,
        Err(trouble) => panic!("{trouble}\n{text}"),
    }
}

fn refused(text: &str) -> String {
    match examine(&Source { text: text.to_owned(), ..Source::default() }, &question(Way::Run)) {
        Err(Trouble::Malformed(sentences) | Trouble::Refused(sentences)) => sentences.join("\n"),
        Ok((page, _)) => panic!("{}", page.text()),
    }
}

/// The only finding of a subject.
fn finding(page: &Page, subject: &str) -> (State, String) {
    let all: Vec<&Finding> = page.workloads[0].findings.iter().filter(|one| one.subject == subject).collect();
    let [Finding { state, seen, advice, .. }] = all[..] else {
        panic!("{} of {subject}: {}", all.len(), page.text())
    };
    assert_eq!(advice.is_none(), *state == State::Ok, "what is not ok has its advice, nothing else has");
    (*state, format!("{seen} > {}", advice.as_deref().unwrap_or_default()))
}

/// That it is so, with these words.
fn is(text: &str, subject: &str, state: State, words: &[&str]) {
    let page = page(text);
    let (is, said) = finding(&page, subject);
    assert_eq!(is, state, "{subject}: {said}\n{text}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {subject}: {said}");
    }
}

fn has_none(text: &str, subject: &str) {
    let page = page(text);
    let all = &page.workloads[0].findings;
    assert!(all.iter().all(|one| one.subject != subject), "{}", page.text());
}

#[test]
fn what_is_missing_comes_before_what_is_weaker_and_that_before_what_is_well() {
    // The grace period is examined first, and weaker; what the profile forbids is missing.
    let profile = "securityContext: {seccompProfile: {type: RuntimeDefault}}";
    let text = drained(&format!("terminationGracePeriodSeconds: 60, {profile}"), "", "");
    let states: Vec<State> = page(&text).workloads[0].findings.iter().map(|one| one.state).collect();
    let rank = |state: &State| [State::Missing, State::Weaker, State::Ok].iter().position(|one| one == state);
    assert!(states.is_sorted_by_key(rank), "{states:?}");
    assert_eq!((states.first(), states.last()), (Some(&State::Missing), Some(&State::Ok)));
}

#[test]
fn a_pod_that_lacks_nothing_is_well() {
    let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: lameduck}\nrules:\n\
                - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}\n---\n\
                apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: lameduck}\n\
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: lameduck}\n\
                subjects: [{kind: ServiceAccount, name: default}]\n";
    let page = page(&(drained("", "", "") + role));
    assert!(page.is_ok() && page.text().contains("Promise: full."), "{}", page.text());
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_said_of_the_rest() {
    let good = deployment("", "command: [a]");
    for (text, why) in [
        ("kind: Pod\nspec: [\n".to_owned(), "line 3, column 1: "),
        (String::new(), "the input is empty"),
        (
            good.replace("name: web}\nspec", "name: {{ .Release.Name }}}\nspec"),
            "there is a {{: this is a template",
        ),
        (
            good.replace("apps/v1", "apps/v2"),
            "deployment/web: the apiVersion apps/v2 is not known: give apps/v1",
        ),
        (
            good.replace("[{name: web,", "[{name: web}, {name: web,"),
            "deployment/web: two containers are called web",
        ),
        (deployment("terminationGracePeriodSeconds: soon", ""), "terminationGracePeriodSeconds is no number"),
        ("# \n".repeat(6_000_000), "the input is longer than 16 MiB"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n".to_owned(), "pod/a: it has no containers"),
    ] {
        let said = refused(&text);
        assert!(said.contains(why), "{why}: {said}");
        if text.len() < 1_000 && !text.is_empty() {
            let said = refused(&format!("{good}---\n{text}"));
            assert!(said.contains(why.trim_start_matches("line 3, column 1: ")), "behind a good one: {said}");
        }
    }
}

#[test]
fn the_container_with_lameduck_is_the_servers_and_another_can_be_named() {
    let two = deployment("", "command: [nginx]").replace(
        "[{name: web,",
        "[{name: log, command: [tail]}, {name: app, command: [/lameduck/lameduck, run, --, gunicorn]}, {name: web,",
    );
    assert_eq!(page(&two).workloads[0].container, "app");
    let question = Question { container: Some("web".to_owned()), ..question(Way::Run) };
    assert_eq!(asked(&two, &question).workloads[0].container, "web");
    assert_eq!(
        page(&two.replace("/lameduck/lameduck, run, --, ", "")).workloads[0].container,
        "web",
        "it has a port"
    );
}
