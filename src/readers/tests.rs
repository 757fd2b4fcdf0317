//! The readers over the corpus, and over what chance makes of it: what the fuzzer does, where there is none.
use super::{ALL, Reader};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRunner};
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

/// Bytes by chance, of each reader.
const CASES: u32 = 300;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// What is committed for a reader: what it is meant to read, and what it once failed on.
fn corpus(of: &str) -> Vec<(String, Vec<u8>)> {
    let files =
        fs::read_dir(folder().join("corpus").join(of)).unwrap_or_else(|error| panic!("{of}: {error}"));
    let mut corpus: Vec<(String, Vec<u8>)> = files
        .map(|file| file.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    corpus.sort();
    corpus
}

fn assert_all_hold(hold: impl Fn(&Reader) -> Result<(), String>) {
    let broken: Vec<String> = ALL.iter().filter_map(|reader| hold(reader).err()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn whatever_is_in_the_corpus_is_read_as_it_must_be() {
    assert_all_hold(|(name, read)| {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name}");
        let broken = corpus.iter().find(|(_, bytes)| catch_unwind(|| read(bytes)).is_err());
        broken.map_or(Ok(()), |(file, _)| Err(format!("{name}: {file}")))
    });
}

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Drop(Index, usize),
    Repeat(Index, usize),
    /// What one of the others has, up to so much.
    Insert(Index, Vec<u8>),
}

fn change(others: Vec<Vec<u8>>) -> impl Strategy<Value = Change> {
    let length = 1..9_usize;
    prop_oneof![
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => (any::<Index>(), length.clone()).prop_map(|(at, length)| Change::Drop(at, length)),
        1 => (any::<Index>(), length).prop_map(|(at, length)| Change::Repeat(at, length)),
        1 => (any::<Index>(), select(others)).prop_map(|(at, other)| Change::Insert(at, other)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: Vec<Change>) -> Vec<u8> {
    for change in changes {
        let place = |at: Index| at.index(bytes.len() + 1);
        let range = |at: Index, length: usize| place(at)..(place(at) + length).min(bytes.len());
        match change {
            Change::Set(at, byte) => {
                let at = place(at);
                bytes.resize(bytes.len().max(at + 1), 0);
                bytes[at] = byte;
            }
            Change::Drop(at, length) => drop(bytes.drain(range(at, length))),
            Change::Repeat(at, length) => {
                let (end, again) = (range(at, length).end, bytes[range(at, length)].to_vec());
                bytes.splice(end..end, again);
            }
            Change::Insert(at, other) => {
                let at = place(at);
                bytes.splice(at..at, other);
            }
        }
    }
    bytes
}

#[test]
fn whatever_chance_makes_of_the_corpus_is_read_as_it_must_be() {
    assert_all_hold(|(name, read)| {
        let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, bytes)| bytes).collect();
        let bytes = prop_oneof![
            1 => vec(any::<u8>(), 0..300),
            4 => (select(seeds.clone()), vec(change(seeds), 0..6)).prop_map(|(seed, changes)| changed(seed, changes)),
        ];
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let result = TestRunner::new(config).run(&bytes, |bytes| {
            read(&bytes);
            Ok(())
        });
        result.map_err(|error| match error {
            TestError::Fail(why, bytes) => format!("{name}: {why}: b\"{}\"", bytes.escape_ascii()),
            TestError::Abort(why) => format!("{name}: {why}"),
        })
    });
}

/// `cargo fuzz list` says what the fuzzer knows of, and the table says with which result.
#[test]
fn every_reader_has_its_target_and_its_line_in_the_table() {
    let listed = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    let table = fs::read_to_string(folder().join("README.md")).unwrap();
    assert_all_hold(|(name, _)| {
        let target = fs::read_to_string(folder().join(format!("fuzz_targets/{name}.rs"))).unwrap_or_default();
        let is_there = target.contains(&format!("readers::{name}(bytes)"))
            && listed.contains(&format!("name = \"{name}\""))
            && table.contains(&format!("| `{name}` |"));
        if is_there { Ok(()) } else { Err(format!("{name}: no target, or no line in fuzz/README.md")) }
    });
    #[cfg(all(feature = "manifests", feature = "trial"))]
    assert_eq!(listed.matches("[[bin]]").count(), ALL.len());
}
