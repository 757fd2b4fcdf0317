//! Containers as restricted as Kubernetes has them, by runc and crun, by root and by a plain user: what lameduck takes there,
//! what is lost, and what is said of it. lameduck is process 1, and the runtime stops it.
//!
//! | file | subject |
//! |---|---|
//! | `cells` | the confinements, and what has to be taken in each |
//! | `scene` | one of them, lived through |
//! | `words` | its command lines |
//! | `matrix` | what has to hold of each |
//! | `ends` | statuses, and the runtime's KILL |
//! | `table` | docs/restricted.md |
//! | `profile` | what `deploy/seccomp/` permits |
//!
//! With `LAMEDUCK_RESTRICTED=FILE` each is lived through by both runtimes, and FILE becomes the table of them.
//! `LAMEDUCK_TEST_RUNS=20` lives through each so often; once by default.
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../support/mod.rs"]
mod support;

mod cells;
mod ends;
mod matrix;
mod profile;
mod scene;
mod table;
mod words;

use support::runner;

/// The environment variable that names the file of the table.
const TABLE: &str = "LAMEDUCK_RESTRICTED";

fn main() {
    if let Some(file) = std::env::var_os(TABLE) {
        return table::write(file.as_ref());
    }
    runner::one_at_a_time([matrix::trials(), ends::trials(), profile::trials(), table::trials()]);
}
