//! Files, streams and exit statuses.
use crate::manifests::text;
use crate::run;
use crate::support::trial::trial;
use libtest_mimic::Trial;

const HOOK: [&str; 4] = ["inject", "--mode=hook", "--image", "lameduck:1"];

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_file_and_the_standard_input_are_alike", &Ok(()), a_file_and_the_standard_input_are_alike),
        trial("a_diff_is_shown_in_place_of_the_manifests", &Ok(()), a_diff_is_shown),
        trial("one_that_is_refused_keeps_all_from_being_written", &Ok(()), one_that_is_refused),
        trial("what_cannot_be_read_is_said_with_status_2", &Ok(()), what_cannot_be_read),
        trial("what_is_not_asked_for_rightly_is_said_with_status_125", &Ok(()), not_asked_for_rightly),
        trial("a_closed_output_is_said", &Ok(()), a_closed_output),
        trial("nothing_to_inject_into_is_no_failure", &Ok(()), nothing_to_inject_into),
    ]
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&HOOK[..], more].concat()
}

fn a_file_and_the_standard_input_are_alike() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text("list.yaml")).unwrap();
    let by_file = run(&with(&["-f", file.path().to_str().unwrap()]), "");
    assert_eq!(by_file, run(&with(&["--filename=-"]), &text("list.yaml")));
    assert_eq!(by_file, run(&with(&[]), &text("list.yaml")));
    assert_eq!((by_file.0, by_file.2.as_str()), (Some(0), ""));
}

fn a_diff_is_shown() {
    let (status, diff, _) = run(&with(&["--diff"]), &text("deployment.json"));
    assert_eq!(status, Some(0));
    insta::assert_snapshot!("diff", diff);
    let injected = run(&with(&[]), &text("deployment.json")).1;
    let (_, undone, _) = run(&["uninject", "--diff"], &injected);
    let turned = |line: &&str| !line.starts_with(['+', '-', '@', ' ']);
    assert!(undone.lines().any(|line| line.starts_with("-            \"lifecycle\"")), "{undone}");
    assert_eq!(undone.lines().filter(turned).count(), 0, "{undone}");
    assert_eq!(run(&["uninject", "--diff"], &text("deployment.json")).1, "", "nothing differs");
}

fn one_that_is_refused() {
    let text = format!("{}---\n{}", text("list.yaml"), text("statefulset.yaml"));
    let (status, stdout, stderr) = run(&with(&[]), &text);
    assert_eq!((status, stdout.as_str()), (Some(1), ""));
    assert_eq!(
        stderr,
        "lameduck: -: statefulset/queue: it has the containers queue, exporter: name the server's with --container\n"
    );
}

fn what_cannot_be_read() {
    let of = |input: &str| {
        let (status, stdout, stderr) = run(&with(&[]), input);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert_eq!(run(&["uninject"], input), (Some(2), String::new(), stderr.clone()));
        stderr
    };
    assert_eq!(of(""), "lameduck: -: the input is empty: give manifests\n");
    assert!(of("kind: Pod\nspec: [\n").starts_with("lameduck: -: line 3, column 1: "));
    assert!(of(&format!("{}a: [\n", text("list.yaml"))).contains("column"), "behind a good one");
    assert!(
        of(&"a: b # c\n".repeat(2_000_000)).ends_with("the input is longer than 16 MiB: give it in parts\n")
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"kind: \xff\n").unwrap();
    let (status, stdout, stderr) = run(&with(&["-f", file.path().to_str().unwrap()]), "");
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.ends_with(": it is no UTF-8, as YAML and JSON are\n"), "{stderr}");
}

fn not_asked_for_rightly() {
    let of = |arguments: &[&str]| {
        let (status, stdout, stderr) = run(arguments, &text("list.yaml"));
        assert_eq!((status, stdout.as_str()), (Some(125), ""), "{stderr}");
        stderr
    };
    assert!(of(&["inject", "--image=a"]).contains("--mode <MODE>"));
    assert!(of(&["inject", "--mode=hook"]).contains("--image <IMAGE>"));
    assert!(of(&with(&["--command=gunicorn"])).contains("--command is for --mode entrypoint"));
    assert!(of(&with(&["--mesh=istio"])).contains("--mesh is for --mode sidecar"));
    assert!(of(&["inject", "--mode=sidecar", "--image=a", "--mount=image"]).contains("--mount image is for"));
    assert!(of(&with(&["--env=PATH=/"])).contains("such as LAMEDUCK_TIMEOUT=40s"));
    assert!(of(&with(&["--env=LAMEDUCK_TIMEOUT="])).contains("such as LAMEDUCK_TIMEOUT=40s"));
    assert!(of(&with(&["--limits=cpu"])).contains("such as memory=32Mi"));
    assert!(of(&["inject", "--mode=entrypoint", "--image=a", "--command='a"]).contains("a quote has no end"));
    assert!(of(&["inject", "--mode=hook", "--image=a b"]).contains("an image is one such as"));
    assert!(of(&with(&["-f", "/nowhere/a.yaml"])).contains("cannot read /nowhere/a.yaml: No such file"));
}

fn a_closed_output() {
    let mut command = crate::support::lameduck();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text("list.yaml")).unwrap();
    command.args(with(&["-f"])).arg(file.path()).stdout(std::fs::File::create("/dev/full").unwrap());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(said.contains("cannot write to standard output: No space left"), "{said}");
}

fn nothing_to_inject_into() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    let (status, stdout, stderr) = run(&with(&[]), service);
    assert_eq!((status, stdout.as_str()), (Some(0), service));
    assert_eq!(
        stderr,
        "lameduck: note: there is no Deployment, StatefulSet, DaemonSet, ReplicaSet or Pod to inject into\n"
    );
}
