//! The image that deploy/program and deploy/image make, and what is in it: the archive that `$LAMEDUCK_TEST_ARCHIVE` names.
//!
//! ```text
//! deploy/program amd64 target/image && deploy/image target/image lameduck:test >target/image.tar
//! LAMEDUCK_TEST_ARCHIVE=target/image.tar cargo test --test image
//! ```
mod at_rest;
#[path = "../support/mod.rs"]
mod support;
mod unpacked;

use auditable_info::audit_info_from_file;
use libtest_mimic::{Arguments, Trial};
use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};
use support::trial::trial;
use unpacked::{ARCHIVE, Image, said};

fn is_described_as_it_is() {
    let image = Image::unpacked();
    let config = &image.config["config"];
    assert_eq!(config["Entrypoint"], serde_json::json!(["/lameduck"]));
    assert_eq!(config["User"], "65532:65532", "by number, and not root");
    let label = |name: &str| config["Labels"][format!("org.opencontainers.image.{name}")].clone();
    assert_eq!(
        [label("title"), label("version"), label("licenses")],
        [env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), "MIT OR Apache-2.0"],
        "{config}"
    );
}

fn has_the_program_alone() {
    let image = Image::unpacked();
    let entries: Vec<String> = image
        .layers
        .iter()
        .flat_map(|layer| {
            lines(&said(Command::new("tar").args(["--list", "--verbose", "--file"]).arg(layer)))
        })
        .collect();
    let [entry] = &entries[..] else { panic!("one file, not {entries:?}") };
    assert!(entry.starts_with("-rwxr-xr-x") && entry.ends_with(" lameduck"), "{entry}");
}

/// It needs no loader, no library and no file: there is nothing else.
fn runs_where_there_is_nothing_else() {
    let root = Image::unpacked();
    let root_folder = root.root();
    let said = said(
        Command::new("unshare")
            .arg("--map-root-user")
            .arg("--root")
            .arg(&root_folder)
            .args(["/lameduck", "--version"]),
    );
    assert_eq!(said.trim_end(), concat!("lameduck ", env!("CARGO_PKG_VERSION")));
}

/// What a scanner reads out of the program is what cargo has built it of.
fn tells_what_it_is_made_of() {
    let image = Image::unpacked();
    let info = audit_info_from_file(&image.root().join("lameduck"), auditable_info::Limits::default())
        .expect("a list");
    let told: BTreeSet<String> =
        info.packages.iter().map(|package| format!("{} v{}", package.name, package.version)).collect();
    let tree = ["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let tree = said(Command::new(env!("CARGO")).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")));
    // A path or a mark may stand behind the version.
    let made_of = lines(&tree).into_iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    let untold: Vec<String> = made_of.filter(|package| !told.contains(package)).collect();
    assert_eq!(untold, <[String; 0]>::default(), "of {}", told.len());
}

fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn main() -> ExitCode {
    let needs = match env::var_os(ARCHIVE) {
        Some(path) if Path::new(&path).is_file() => Ok(()),
        Some(path) => Err(format!("no such file: {ARCHIVE}={}", path.display())),
        None => Err(format!("{ARCHIVE} is not set: tests/image/main.rs tells how the archive is made")),
    };
    let trials: Vec<Trial> = vec![
        trial("the_image_is_described_as_it_is", &needs, is_described_as_it_is),
        trial("the_image_has_the_program_alone", &needs, has_the_program_alone),
        trial("the_image_runs_where_there_is_nothing_else", &needs, runs_where_there_is_nothing_else),
        trial("the_image_tells_what_it_is_made_of", &needs, tells_what_it_is_made_of),
        trial("the_images_program_takes_little_memory_at_rest", &needs, at_rest::little_memory),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
