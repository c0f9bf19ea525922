//! The records of `docs/decisions/`: each is whole, and the tests that hold it exist.

use std::path::PathBuf;

use gestan_account_tests::process::workspace;

use super::{files, is_function_name, missing_functions, quoted, read};

const SECTIONS: [&str; 4] = ["Context", "Decision", "Consequences", "Held by"];

/// Every record, by its name, and the index of them.
fn records() -> (Vec<(String, String)>, String) {
    let folder = workspace().join("docs/decisions");
    let (index, records): (Vec<PathBuf>, Vec<PathBuf>) =
        files(&folder, "md").into_iter().partition(|path| path.ends_with("README.md"));
    let named = |path: &PathBuf| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        (name, read(path))
    };
    (records.iter().map(named).collect(), read(index.first().expect("an index")))
}

/// The sections of a record: heading, and what stands below it.
fn sections(record: &str) -> Vec<(&str, &str)> {
    let parts = record.split("\n## ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).map(|(name, text)| (name, text.trim())).collect()
}

#[test]
fn every_decision_has_a_date_and_its_four_sections() {
    for (name, record) in records().0 {
        let decided = record.lines().find(|line| line.starts_with("Decided 20"));
        assert!(decided.is_some(), "{name} tells no date");
        let sections = sections(&record);
        let headings: Vec<&str> = sections.iter().map(|(heading, _)| *heading).collect();
        assert_eq!(headings, SECTIONS, "{name}");
        let empty = sections.iter().find(|(_, text)| text.is_empty());
        assert!(empty.is_none(), "{name}: {empty:?}");
    }
}

#[test]
fn a_decision_names_tests_that_exist() {
    for (name, record) in records().0 {
        let sections = sections(&record);
        let (_, held_by) = sections.last().expect("what holds it");
        assert!(quoted(held_by).any(is_function_name), "{name} names no test");
        let missing = missing_functions(quoted(held_by));
        assert!(missing.is_empty(), "{name}: no such tests: {missing:#?}");
    }
}

#[test]
fn the_index_lists_every_decision() {
    let (records, index) = records();
    assert!(records.len() > 15, "only {} records", records.len());
    for (name, _) in records {
        assert!(index.contains(&format!("]({name})")), "the index does not list {name}");
    }
}
