//! What docs/ says of the tests: each that is named there is one.
use std::fs;
use std::path::{Path, PathBuf};

/// Pages that have a fault or a finding beside the test of it.
const PAGES: [&str; 2] = ["docs/faults.md", "docs/cluster.md"];
/// A word of so many parts is a test's name.
const PARTS: usize = 5;

/// All sources below a folder, as one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// What stands between backticks in a page.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

/// Whether a name is in the code, whole or made of what is before and what is behind a `_`: `format!("{server}_loses_none")`.
fn is_named(name: &str, code: &str) -> bool {
    let made = |(at, _)| code.contains(&format!("}}{}\"", &name[at..]));
    code.contains(name) || name.match_indices('_').any(made)
}

#[test]
fn every_test_and_every_file_of_tests_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    sources(&root.join("tests"), &mut code);
    sources(&root.join("src"), &mut code);
    for page in PAGES {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let is_name = |word: &&str| {
            word.split('_').count() >= PARTS
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let names: Vec<&str> = quoted(&text).filter(is_name).collect();
        assert!(names.len() > 10, "{page}: {names:?}");
        let unknown: Vec<&&str> = names.iter().filter(|name| !is_named(name, &code)).collect();
        assert!(unknown.is_empty(), "{page}: {unknown:?}");
        let files = text.split(|c: char| c.is_whitespace() || "`|,;:()".contains(c));
        let files = files.filter(|word| word.starts_with("tests/") || word.starts_with("src/"));
        let missing: Vec<&str> =
            files.filter(|file| !root.join(file.trim_end_matches('.')).exists()).collect();
        assert!(missing.is_empty(), "{page}: {missing:?}");
    }
}
