//! Pod annotations as options: after the command line, before the variables. What an annotation has set shows by a report
//! that is written where it says.
use super::{complaint, lameduck};
use std::fs;
use std::process::Command;
use tempfile::TempDir;

/// A directory with the file of a downward API volume, and places for reports.
struct Pod(TempDir);

impl Pod {
    /// With these lines.
    fn with(annotations: &str) -> Self {
        let pod = Self(tempfile::tempdir().unwrap());
        fs::write(pod.path("annotations"), annotations.replace("HERE", pod.0.path().to_str().unwrap()))
            .unwrap();
        pod
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// `lameduck VERB` with these words, in this pod.
    fn lameduck(&self, verb: &str, words: &[&str]) -> Command {
        let mut lameduck = lameduck(&[&[verb], words].concat());
        lameduck.env("LAMEDUCK_ANNOTATIONS", self.path("annotations")).current_dir(self.0.path());
        lameduck
    }

    /// The same for `run` and a server that ends at once.
    fn run(&self, words: &[&str]) -> Command {
        self.lameduck("run", &[&["--capture=none"], words, &["--", "sh", "-c", "exit 3"]].concat())
    }

    /// The complaint, with the directory's name left out.
    fn complaint(&self, command: &mut Command) -> String {
        complaint(command).replace(self.0.path().to_str().unwrap(), "/etc/podinfo")
    }

    /// Which reports there are.
    fn reports(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        names.retain(|name| name != "annotations");
        names.sort();
        names
    }
}

const ENDED: &str = "exit status: 3\n";

#[test]
fn given_an_option_in_several_places_then_the_command_line_counts_and_then_the_annotation() {
    let pod = Pod::with("lameduck.dev/report=\"HERE/annotated\"\n");
    assert_eq!(complaint(&mut pod.run(&[])), ENDED);
    assert_eq!(pod.reports(), ["annotated"]);

    let pod = Pod::with("lameduck.dev/report=\"HERE/annotated\"\n");
    assert_eq!(complaint(pod.run(&[]).env("LAMEDUCK_REPORT", pod.path("variable"))), ENDED);
    assert_eq!(pod.reports(), ["annotated"]);

    let given = pod.path("given");
    let pod = Pod::with("lameduck.dev/report=\"HERE/annotated\"\n");
    for words in [&["--report", &given][..], &[&format!("--report={given}")]] {
        assert_eq!(complaint(&mut pod.run(words)), ENDED);
        assert_eq!(pod.reports(), [""; 0], "{words:?}");
        fs::remove_file(&given).unwrap();
    }
}

#[test]
fn given_an_annotation_then_a_variable_with_a_wrong_value_is_no_matter() {
    let pod = Pod::with("lameduck.dev/port=\"8000,8001\"\nlameduck.dev/report=\"HERE/annotated\"\n");
    // As the kubelet sets it for a Service that is called lameduck.
    assert_eq!(complaint(pod.run(&[]).env("LAMEDUCK_PORT", "tcp://10.96.0.7:80")), ENDED);
    assert_eq!(pod.reports(), ["annotated"]);
}

#[test]
fn given_annotations_of_others_and_of_other_verbs_then_they_are_passed_over() {
    let pod = Pod::with(concat!(
        "kubernetes.io/config.source=\"api\"\nnot even a line\n",
        "lameduck.dev/inject=\"run\"\nlameduck.dev/injected=\"1\"\n",
        "lameduck.dev/http=\"[::]:9180\"\nlameduck.dev/pid=\"1\"\n"
    ));
    assert_eq!(complaint(&mut pod.run(&[])), ENDED);
    assert_eq!(complaint(&mut Pod::with("").run(&[])), ENDED, "a pod without annotations");
}

#[test]
fn given_a_file_by_option_then_it_is_the_one() {
    let other = Pod::with("lameduck.dev/timeout=\"soon\"\n");
    let pod = Pod::with("lameduck.dev/report=\"HERE/annotated\"\n");
    let file = pod.path("annotations");
    let mut run = pod.run(&["--annotations", &file]);
    assert_eq!(complaint(run.env("LAMEDUCK_ANNOTATIONS", other.path("annotations"))), ENDED);
    assert_eq!(pod.reports(), ["annotated"]);
}

#[test]
fn given_a_wrong_value_then_the_annotation_and_its_file_are_told() {
    let pod = Pod::with("lameduck.dev/timeout=\"soon\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&[])), @"
    exit status: 125
    lameduck: invalid value 'soon' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.

    The value is that of the annotation lameduck.dev/timeout in /etc/podinfo/annotations.
    ");
    insta::assert_snapshot!(pod.complaint(pod.run(&[]).env("LAMEDUCK_TIMEOUT", "soon")), @"
    exit status: 125
    lameduck: invalid value 'soon' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.

    The value is that of the annotation lameduck.dev/timeout in /etc/podinfo/annotations.
    ");
    let pod = Pod::with("lameduck.dev/wait-for=\"queue,banana\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&[])), @"
    exit status: 125
    lameduck: invalid value 'banana' for '--wait-for <WHAT>'
      [possible values: queue, half-open, unread, in-flight, silent]

    For more information, try '--help'.

    The value is that of the annotation lameduck.dev/wait-for in /etc/podinfo/annotations.
    ");
    let pod = Pod::with("lameduck.dev/timeout=\"\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&[])), @"
    exit status: 125
    lameduck: invalid value '' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.

    The value is that of the annotation lameduck.dev/timeout in /etc/podinfo/annotations.
    ");
}

#[test]
fn given_an_option_that_is_none_or_not_to_be_annotated_then_it_is_told() {
    let pod = Pod::with("lameduck.dev/timeuot=\"40s\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&[])), @"
    exit status: 125
    lameduck: the annotation lameduck.dev/timeuot in /etc/podinfo/annotations: there is no option --timeuot that can be annotated; `lameduck run --help` has them
    ");
    for name in ["command", "detached", "annotations", "help", "", "inject-more"] {
        let pod = Pod::with(&format!("lameduck.dev/{name}=\"x\"\n"));
        let complaint = pod.complaint(&mut pod.run(&[]));
        let expected =
            format!("exit status: 125\nlameduck: the annotation lameduck.dev/{name} in /etc/podinfo/");
        assert!(complaint.starts_with(&expected), "{complaint}");
    }
}

#[test]
fn given_a_file_that_is_not_there_or_not_of_annotations_then_it_is_told() {
    let pod = Pod::with("");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&["--annotations", &pod.path("nothing")])), @"
    exit status: 125
    lameduck: cannot read the annotations /etc/podinfo/nothing (--annotations): No such file or directory (os error 2); have a downward API volume write metadata.annotations there, or name no file
    ");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&["--annotations", &pod.path("")])), @"
    exit status: 125
    lameduck: cannot read the annotations /etc/podinfo/ (--annotations): it is no regular file; have a downward API volume write metadata.annotations there, or name no file
    ");
    let pod = Pod::with("a=\"b\"\nlameduck.dev/timeout: 40s\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.run(&[])), @r#"
    exit status: 125
    lameduck: the annotations in /etc/podinfo/annotations (--annotations): line 2 is not KEY="VALUE"; have the file written by a downward API volume (metadata.annotations)
    "#);
    insta::assert_snapshot!(complaint(pod.run(&[]).env("LAMEDUCK_ANNOTATIONS", "")), @"
    exit status: 125
    lameduck: a value is required for '--annotations <FILE>' but none was supplied

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_ANNOTATIONS.
    ");
}

#[test]
fn given_the_hooks_then_their_options_are_annotated_too() {
    let pod = Pod::with("lameduck.dev/pid=\"0\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.lameduck("wait", &[])), @"
    exit status: 125
    lameduck: invalid value '0' for '--pid <PID>': 0 is not in 1..=2147483647

    For more information, try '--help'.

    The value is that of the annotation lameduck.dev/pid in /etc/podinfo/annotations.
    ");
    let pod = Pod::with("lameduck.dev/port=\"9180\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.lameduck("sidecar", &[])), @"
    exit status: 125
    lameduck: --http [::]:9180 and --port 9180 are one port
    --port is by the annotation lameduck.dev/port in /etc/podinfo/annotations
    ");
}

#[test]
fn given_the_doctor_then_it_reads_what_a_drain_would() {
    let pod = Pod::with(
        "lameduck.dev/capture=\"none\"\nlameduck.dev/gate=\"none\"\nlameduck.dev/stop-signal=\"INT\"\n",
    );
    let output = pod.lameduck("doctor", &["--json"]).output().unwrap();
    let page: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&page["capture"], &page["gate"]), (&"none".into(), &"none".into()));
    let pod = Pod::with("lameduck.dev/timeout=\"soon\"\n");
    assert!(
        pod.complaint(&mut pod.lameduck("doctor", &[]))
            .contains("that of the annotation lameduck.dev/timeout")
    );
}

#[test]
fn given_a_bad_command_line_then_that_is_told_as_ever() {
    let pod = Pod::with("lameduck.dev/timeout=\"40s\"\n");
    insta::assert_snapshot!(pod.complaint(&mut pod.lameduck("run", &["--timeout", "soon", "true"])), @"
    exit status: 125
    lameduck: invalid value 'soon' for '--timeout <DURATION>': a duration is a number with a unit, such as 500ms, 25s or 2m

    For more information, try '--help'.
    ");
    let help = lameduck(&["run", "--help"]).output().unwrap().stdout;
    assert_eq!(
        pod.lameduck("run", &["--help"]).env_remove("LAMEDUCK_ANNOTATIONS").output().unwrap().stdout,
        help
    );
}
