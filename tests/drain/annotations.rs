//! Annotations of the pod, where Kubernetes' documentation has the volume: nobody has to name the file.
use crate::support::finish;
use crate::support::namespaces::{permitted, unshare};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::process::Command;

/// An /etc of its own, in which nothing else is.
const ETC: &str = "\
set -e
mount -t tmpfs none /etc
mkdir /etc/podinfo
";

pub fn trials() -> Vec<Trial> {
    let needs = permitted(&mut in_an_etc_of_its_own(""));
    vec![
        trial("annotations_are_found_where_kubernetes_documents_them", &needs, found),
        trial("what_is_no_file_there_is_a_warning_and_the_server_runs", &needs, no_file),
    ]
}

fn in_an_etc_of_its_own(script: &str) -> Command {
    let script = format!("{ETC}{script}");
    unshare(&["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_lameduck")])
}

fn found() {
    const SERVER: &str = r#"
        printf 'kubernetes.io/config.seen="2026-11-30T05:32:18Z"\nlameduck.dev/report="/etc/report"' >/etc/podinfo/annotations
        "$0" run --capture none -- sh -c 'exit 3' || test $? = 3
        cat /etc/report"#;
    let output = finish(&mut in_an_etc_of_its_own(SERVER));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("\"exit_status\":3"), "{said} {output:?}");
}

fn no_file() {
    const SERVER: &str = r#"
        mkdir /etc/podinfo/annotations
        exec "$0" run --capture none -- sh -c 'exit 3'"#;
    let output = finish(&mut in_an_etc_of_its_own(SERVER));
    let said = String::from_utf8_lossy(&output.stderr);
    let warning =
        "lameduck: warning: cannot read the annotations /etc/podinfo/annotations: it is no regular file\n";
    assert_eq!((output.status.code(), said.as_ref()), (Some(3), warning));
}
