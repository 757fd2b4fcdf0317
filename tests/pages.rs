//! What pages say of the code: each test that docs/ names is one, and CONTRIBUTING.md has each use of `unsafe`.
use std::fs;
use std::path::{Path, PathBuf};

/// Pages that have a fault or a finding beside the test of it.
const PAGES: [&str; 2] = ["docs/faults.md", "docs/cluster.md"];
/// A word of so many parts is a test's name.
const PARTS: usize = 5;

/// All sources below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<PathBuf>, Vec<PathBuf>) =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).partition(|path| path.is_dir());
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files
}

/// The same, as one text.
fn sources(folder: &Path, text: &mut String) {
    text.extend(files(folder).iter().map(|file| fs::read_to_string(file).unwrap()));
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

/// Each use of `unsafe` in a source, as the item that it stands in: blocks, functions that are unsafe to call, attributes.
fn uses_of_unsafe(source: &str) -> Vec<String> {
    let (mut uses, mut item, mut attribute) = (Vec::new(), String::new(), false);
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let begun = ["fn ", "static "].iter().find_map(|word| {
            let (_, rest) = line.split_once(word)?;
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            (!name.is_empty()).then_some(name)
        });
        item = begun.unwrap_or(item);
        let words = line.matches("unsafe {").count() + line.matches("unsafe fn ").count();
        // An attribute stands before its item.
        let before = std::mem::replace(&mut attribute, line.starts_with("#[") && line.contains("unsafe("));
        uses.extend(std::iter::repeat_n(item.clone(), words + usize::from(before)));
    }
    uses
}

#[test]
fn every_use_of_unsafe_has_its_line_in_contributing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let (_, section) = page.split_once("## `unsafe`").unwrap();
    let mut told: Vec<(String, String)> = Vec::new();
    for line in section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
    {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [module, item, what_for, sound] = cells[..] else { panic!("not four cells: {line}") };
        assert!(what_for.len() > 8 && sound.len() > 8, "no reason: {line}");
        told.push((module.trim_matches('`').to_owned(), item.trim_matches('`').to_owned()));
    }
    let mut found = Vec::new();
    for file in files(&root.join("src")) {
        let source = fs::read_to_string(&file).unwrap();
        let module = file.strip_prefix(root.join("src")).unwrap().display().to_string();
        found.extend(uses_of_unsafe(&source).into_iter().map(|item| (module.clone(), item)));
    }
    told.sort();
    found.sort();
    assert!(found.len() > 10, "{found:?}");
    assert_eq!(told, found, "the table of CONTRIBUTING.md, and the code");
}
