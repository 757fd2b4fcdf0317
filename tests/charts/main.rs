//! The charts of charts/, by Helm 3 and Helm 4, where they are.
//!
//! | file | subject |
//! |---|---|
//! | `same`, `refused` | the library chart adds what `lameduck inject` adds, and refuses what it refuses |
//! | `writers`, `cases`, `bases` | both, and the options and workloads that both are given |
//! | `web` | the application chart over a matrix of values: lint, schemas, and what has to be in it |
//! | `matrix` | those values |
//! | `documented` | the chart of docs/helm.md, before and after |
//! | `nonsense` | values that a schema does not take |
//! | `api_server` | what the application chart renders, asked of a kube-apiserver (`KUBECONFIG`) |
#[path = "../support/mod.rs"]
mod support;

mod api_server;
mod bases;
mod cases;
mod documented;
mod matrix;
mod nonsense;
mod refused;
mod same;
mod web;
mod writers;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let trials = [
        same::trials(),
        refused::trials(),
        web::trials(),
        documented::trials(),
        nonsense::trials(),
        api_server::trials(),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit_code()
}
