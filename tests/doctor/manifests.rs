//! Manifests as their users have them: those of tests/inject and of deploy/, as they are and with lameduck in them.
use crate::support::trial::trial;
use crate::support::{lameduck, wait_for};
use libtest_mimic::Trial;
use std::fs::{self, File};
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
        test("what_cannot_be_read_is_said_with_status_2_and_nothing_else", unreadable),
        test("manifests_asked_for_in_a_wrong_way_are_refused", asked_wrongly),
        test("without_a_cluster_the_way_to_one_is_told", no_cluster),
        test("a_shell_before_the_server_is_told_to_stop_in_its_place", shells),
    ];
    CASES.map(of).into_iter().chain(others).collect()
}

fn text(file: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a manifest")
}

/// How it ended, its standard output and its standard error.
fn run(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
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

fn doctor(options: &[&str], input: &str) -> (Option<i32>, String, String) {
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

fn no_cluster() {
    let asked = |config: &std::path::Path| {
        let mut command = lameduck();
        command
            .args(["doctor", "deployment/web"])
            .env("KUBECONFIG", config)
            .env_remove("KUBERNETES_SERVICE_HOST");
        let (status, page, said) = run(&mut command, "");
        assert_eq!((status, page.as_str()), (Some(125), ""), "{said}");
        said
    };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config");
    assert!(
        asked(&config).starts_with("lameduck: deployment/web: no cluster is known: set KUBECONFIG"),
        "it is not there"
    );
    // Nobody there: the port was had by a listener that is closed.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         clusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\nusers: [{{name: a, user: {{token: a}}}}]\n"
    );
    fs::write(&config, text).unwrap();
    let said = asked(&config);
    assert!(said.contains("the API server cannot be asked: ") && said.contains("refused"), "{said}");
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
