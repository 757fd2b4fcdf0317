//! Manifests that cannot be read, asked for in a wrong way, or not to be had: a sentence and a status, and nothing on the standard output.
use crate::manifests::{doctor, run, text};
use crate::support::lameduck;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::fs::{self, File};

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("what_cannot_be_read_is_said_with_status_2_and_nothing_else", unreadable),
        test("manifests_asked_for_in_a_wrong_way_are_refused", asked_wrongly),
    ]
}

fn unreadable() {
    let good = text("tests/inject/manifests/list.yaml");
    for (input, why) in [
        (String::new(), "lameduck: -: the input is empty: give manifests\n"),
        ("kind: Pod\nspec: [\n".to_owned(), "lameduck: -: line 3, column 1: "),
        (format!("{good}---\n{{a: [\n"), "column"),
        (good.replace("name: lone", "name: {{ .Values.name }}"), "Render it first"),
        (good.replace("apps/v1", "apps/v1beta3"), "the apiVersion apps/v1beta3 is not known: give apps/v1"),
        ("a: b # c\n".repeat(2_000_000), "the input is longer than 16 MiB: give it in parts\n"),
    ] {
        let (status, page, said) = doctor(&[], &input);
        assert_eq!((status, page.as_str()), (Some(2), ""), "{why}: {said}");
        assert!(said.contains(why), "{why}: {said}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), b"kind: \xff\n").unwrap();
    let (status, page, said) = run(lameduck().args(["doctor", "-f"]).arg(file.path()), "");
    assert_eq!((status, page.as_str()), (Some(2), ""));
    assert!(said.ends_with(": it is no UTF-8, as YAML and JSON are\n"), "{said}");
}

fn asked_wrongly() {
    for (words, why) in [
        (&["-f", "/nowhere/a.yaml"][..], "cannot read /nowhere/a.yaml: No such file"),
        (&["-f", "-", "--namespace", "shop"], "--namespace is for objects of the cluster"),
        (&["--namespace", "shop"], "name an object such as deployment/web, or --filename"),
        (&["-f", "-", "--way", "wait", "--pid", "1"], "--pid names a process here"),
        (&["job/web"], "kinds that have pods are deployment, statefulset"),
        (&["deployment"], "name one, such as deployment/web"),
        (&["deployment/web", "deployment/api"], "one object of the cluster at a time"),
    ] {
        let (status, page, said) =
            run(lameduck().arg("doctor").args(words), &text("tests/inject/manifests/list.yaml"));
        assert_eq!((status, page.as_str()), (Some(125), ""), "{words:?}: {said}");
        assert!(said.contains(why), "{why}: {said}");
    }
    let full = File::create("/dev/full").unwrap();
    let output = lameduck()
        .args(["doctor", "-f", "deploy/kubernetes/gunicorn.yaml"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
}
