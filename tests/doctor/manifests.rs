//! Manifests as their users have them: those of tests/inject and of deploy/, as they are and with lameduck in them.
use crate::support::trial::trial;
use crate::support::{lameduck, wait_for};
use libtest_mimic::Trial;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Name, file, and the options of `inject`, if it goes through that first.
type Case = (&'static str, &'static str, Option<&'static [&'static str]>);

const CASES: [Case; 8] = [
    ("django", "tests/inject/manifests/django.yaml", None),
    ("django-entrypoint", "tests/inject/manifests/django.yaml", Some(&["--mode=entrypoint", "--with-rbac"])),
    ("statefulset", "tests/inject/manifests/statefulset.yaml", None),
    (
        "statefulset-hook",
        "tests/inject/manifests/statefulset.yaml",
        Some(&["--mode=hook", "--container=queue", "--chain"]),
    ),
    ("list", "tests/inject/manifests/list.yaml", None),
    ("json-sidecar", "tests/inject/manifests/deployment.json", Some(&["--mode=sidecar", "--with-rbac"])),
    ("awkward", "tests/inject/manifests/awkward.yaml", None),
    ("gunicorn", "deploy/kubernetes/gunicorn.yaml", None),
];

pub fn trials() -> Vec<Trial> {
    let of = |case: Case| trial(&format!("{}_is_examined", case.0), &Ok(()), move || check(case));
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    let others = [
        test("lines_and_json_say_the_same", lines_and_json),
        test("what_is_given_here_counts_where_a_manifest_says_nothing", given_here),
        test("a_workload_of_several_can_be_named", named),
        test("a_shell_before_the_server_is_told_to_stop_in_its_place", shells),
    ];
    CASES.map(of).into_iter().chain(others).collect()
}

/// One of the repository's.
pub fn text(file: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a manifest")
}

/// How it ended, its standard output and its standard error.
pub fn run(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("lameduck");
    let mut stdin = child.stdin.take().expect("its standard input");
    let input = input.to_owned();
    // It may end before it has read all of it.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("its output");
    writer.join().expect("the writer");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Of what comes by the standard input.
pub fn doctor(options: &[&str], input: &str) -> (Option<i32>, String, String) {
    run(lameduck().args(["doctor", "-f", "-"]).args(options), input)
}

fn check((name, file, injecting): Case) {
    let before = text(file);
    let manifest = match injecting {
        None => before,
        Some(options) => {
            let (status, injected, said) =
                run(lameduck().args(["inject", "--image=lameduck:1"]).args(options), &before);
            assert_eq!(status, Some(0), "{said}");
            injected
        }
    };
    let (status, page, said) = doctor(&[], &manifest);
    assert_eq!((status, said.as_str()), (Some(1), ""), "{page}");
    insta::assert_snapshot!(name, page);
}

fn lines_and_json() {
    let django = text("tests/inject/manifests/django.yaml");
    let (_, lines, _) = doctor(&[], &django);
    let (status, json, _) = doctor(&["--json"], &django);
    assert_eq!(status, Some(1));
    let page: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let workload = &page["workloads"][0];
    assert_eq!(
        (&workload["workload"], &workload["container"]),
        (&"deployment/release-name-shop".into(), &"shop".into())
    );
    assert_eq!((&workload["has_lameduck"], &workload["promise"]), (&false.into(), &"full".into()));
    let findings = workload["findings"].as_array().expect("findings");
    assert!(findings.len() > 5, "{json}");
    for finding in findings {
        let line =
            format!("{:<7}  {}", finding["state"].as_str().unwrap(), finding["seen"].as_str().unwrap());
        assert!(lines.contains(&line), "{line}: {lines}");
    }
}

fn given_here() {
    let gunicorn = text("deploy/kubernetes/gunicorn.yaml");
    let (_, page, _) = doctor(&[], &gunicorn);
    assert!(page.contains("grace period      ok       30s: 25s for the drain"), "{page}");
    let balanced =
        |page: &str| page.contains("grace period      missing  traffic goes elsewhere within 2m 300ms");
    assert!(balanced(&doctor(&["--propagation=cloud-lb"], &gunicorn).1));
    let by_variable =
        run(lameduck().args(["doctor", "-f", "-"]).env("LAMEDUCK_PROPAGATION", "cloud-lb"), &gunicorn);
    assert!(balanced(&by_variable.1), "{}", by_variable.1);
    // The manifest's own word counts.
    let own = "env:\n        - {name: LAMEDUCK_PROPAGATION, value: kube-proxy}";
    let told = gunicorn.replace("env:", own);
    assert!(!balanced(&doctor(&["--propagation=cloud-lb"], &told).1));
}

fn named() {
    let list = text("tests/inject/manifests/list.yaml");
    let (_, page, _) = doctor(&["pod/lone"], &list);
    assert!(
        page.starts_with("pod/lone of default, container web\n") && !page.contains("deployment/"),
        "{page}"
    );
    assert_eq!(doctor(&["po/lone"], &list).1, page);
    let (status, page, said) = doctor(&["deployment/lone"], &list);
    assert_eq!((status, page.as_str()), (Some(2), ""));
    assert!(said.contains("there is no deployment/lone"), "{said}");
    let (status, page, said) = doctor(&["--container=other"], &list);
    assert_eq!((status, page.as_str()), (Some(2), ""));
    assert!(said.contains("deployment/web: it has no container other"), "{said}");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    let (status, page, said) = doctor(&[], service);
    assert_eq!((status, page.as_str()), (Some(0), ""));
    assert!(said.starts_with("lameduck: note: there is no Deployment"), "{said}");
}

/// What the doctor says of a shell is what happens: it gets the signal, and the server behind it never does.
fn shells() {
    for (before, behind, state) in [("exec ", "", "ok"), ("", "; true", "missing")] {
        let directory = tempfile::tempdir().unwrap();
        let (script, ready, told) =
            (directory.path().join("server"), directory.path().join("ready"), directory.path().join("told"));
        // It ends with whoever has started it.
        let server = format!(
            "trap 'touch {}; exit' TERM\ntouch {}\nwhile [ -d /proc/$PPID ]; do sleep 0.05; done\n",
            told.display(),
            ready.display()
        );
        fs::write(&script, server).unwrap();
        let command =
            ["sh", "-c", &format!("true; {before}sh {}{behind}", script.display())].map(str::to_owned);
        let mut process =
            lameduck().args(["run", "--log-level", "error", "--"]).args(&command).spawn().expect("lameduck");
        wait_for("the server", || ready.exists().then_some(()));
        let pid = rustix::process::Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        wait_for("the end", || process.try_wait().unwrap());
        assert_eq!(told.exists(), state == "ok", "{command:?}");
        let words =
            serde_json::to_string(&[&["lameduck", "run", "--"].map(str::to_owned)[..], &command].concat())
                .unwrap();
        let manifest = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, command: {words}}}]}}\n"
        );
        let (_, page, _) = doctor(&["--json"], &manifest);
        let page: serde_json::Value = serde_json::from_str(&page).expect("JSON");
        let findings = page["workloads"][0]["findings"].as_array().expect("findings");
        let entrypoint = findings.iter().find(|finding| finding["subject"] == "entrypoint").expect("a line");
        assert_eq!(entrypoint["state"], state, "{entrypoint}");
    }
}
