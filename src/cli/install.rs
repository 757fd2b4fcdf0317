//! `lameduck install`.
use clap::Args;
use std::path::PathBuf;

const NOTES: &str = "\
For an init container: it puts the program into a volume that the server's container mounts too. The copy appears whole or not at all; \
one that is there already stays as it is when it is the same, and is replaced when it is another.

Exit status:
  0    the program is there
  125  it is not, and what was there before is as it was

Example:
  lameduck install /target        (afterwards: /target/lameduck)";

/// Copy this program into a directory: for an init container
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct InstallArgs {
    /// The directory, which has to be there: a volume's
    #[arg(value_name = "DIRECTORY")]
    pub directory: PathBuf,
}
