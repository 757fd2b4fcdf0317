//! Whether lameduck is in a pod, and else the command line that puts it there.
use super::case::Case;
use super::objects::text;
use super::presence::Presence;
use crate::commands::doctor::finding::Finding;
use crate::commands::doctor::promise::Way;
use crate::inject::pod::named;
use crate::inject::sleep::sleeps;

const SUBJECT: &str = "lameduck";

/// Whether it is there, and else how it would come there.
pub fn finding(case: &Case) -> Finding {
    let server = case.pod.container_name;
    match &case.presence {
        Presence::Run { words: Some(_), .. } => {
            Finding::ok(SUBJECT, format!("`lameduck run` starts the server of {server}"))
        }
        Presence::Run { words: None, .. } => Finding::ok(
            SUBJECT,
            format!("{server} has its variables: it is the image's ENTRYPOINT, which is not seen here"),
        ),
        Presence::Wait { .. } => {
            Finding::ok(SUBJECT, format!("`lameduck wait` is the preStop hook of {server}"))
        }
        Presence::Sidecar { container, .. } => {
            let beside = text(container, &["name"]).unwrap_or("?");
            let hook = case.pod.of_container(&["lifecycle", "preStop", "httpGet"]);
            if hook.is_some_and(|hook| text(hook, &["path"]).is_some_and(|path| path.starts_with("/drain"))) {
                return Finding::ok(
                    SUBJECT,
                    format!("`lameduck sidecar` in {beside}, asked by the preStop hook of {server}"),
                );
            }
            Finding::missing(
                SUBJECT,
                format!(
                    "`lameduck sidecar` is in {beside}, and no preStop hook of {server} asks it: nothing is drained"
                ),
                "lifecycle: {preStop: {httpGet: {path: /drain, port: 9180}}} (docs/hook.md), as `lameduck inject --mode sidecar` writes it",
            )
        }
        Presence::Absent => Finding::missing(
            SUBJECT,
            format!("not in it: who is in the queue of {server} when that stops is reset"),
            injecting(case),
        ),
    }
}

/// The command line that puts it there.
fn injecting(case: &Case) -> String {
    let pod = case.pod;
    let mode = match case.way {
        Way::Run => "entrypoint",
        Way::Wait => "hook",
        Way::Sidecar => "sidecar",
    };
    let mut words = format!("`lameduck inject --mode {mode} --image IMAGE --workload {}", pod.workload.what);
    if named(pod.spec, "containers").count() > 1 {
        words.extend([" --container ", pod.container_name]);
    }
    if mode == "entrypoint" && pod.command().is_empty() {
        words += " --command COMMAND";
    }
    let hook = pod.pre_stop();
    if hook.is_some_and(|hook| sleeps(hook).is_none()) && mode != "sidecar" {
        words += " --chain";
    }
    words + " --with-rbac -f FILE` (docs/inject.md)"
}
