//! What is in `deploy/`, read by the tools that it is for: kustomize, Helm, systemd, Docker Compose, Nomad.
//!
//! | file | subject |
//! |---|---|
//! | `tools` | where those are, and what they say |
//! | `components` | the kustomize components: what they add is what `lameduck inject` adds |
//! | `examples`, `readers` | Docker Compose, podman, ECS, Nomad |
//! | `flux` | the patch of its example |
//! | `notify` | what a server tells its service manager |
//! | `post_renderer` | `lameduck inject` between Helm and the cluster |
//! | `systemd`, `beside-systemd` | its unit, run by a systemd in namespaces |
//!
//! A tool that is not there has its tests shown as ignored, with the reason. Where `KUBECONFIG` names an API server, it is asked
//! whether it would take what kustomize made.
#[path = "../support/mod.rs"]
mod support;

mod components;
mod examples;
mod flux;
mod notify;
mod post_renderer;
mod systemd;
mod tools;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let trials = [
        components::trials(),
        examples::trials(),
        flux::trials(),
        notify::trials(),
        post_renderer::trials(),
        systemd::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
