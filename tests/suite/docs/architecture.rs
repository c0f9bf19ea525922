//! `docs/ARCHITECTURE.md` and `CONTRIBUTING.md` lead to files and tests that exist.

use std::fs;

use gestan_account_tests::process::workspace;

use super::{missing_functions, quoted, read};

fn architecture() -> String {
    read(&workspace().join("docs/ARCHITECTURE.md"))
}

/// The folders below this one, by their paths in the repository.
fn folders(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(workspace().join(below)).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            let folder = format!("{below}/{}", entry.file_name().to_string_lossy());
            found.extend(folders(&folder));
            found.push(folder);
        }
    }
    found
}

/// Every path that a document quotes, which starts with a folder of the repository.
fn paths(document: &str) -> Vec<&str> {
    let folders = ["client/", "docs/", "migration/", "proto/", "server/", "tests/"];
    quoted(document).filter(|word| folders.iter().any(|folder| word.starts_with(folder))).collect()
}

#[test]
fn every_path_that_the_architecture_and_the_check_lists_name_exists() {
    for name in ["docs/ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let document = read(&workspace().join(name));
        let paths = paths(&document);
        assert!(paths.len() > 20, "{name} names only {} paths", paths.len());
        let missing: Vec<&&str> =
            paths.iter().filter(|path| !workspace().join(path).exists()).collect();
        assert!(missing.is_empty(), "{name}: no such paths: {missing:#?}");
    }
}

#[test]
fn the_map_has_every_folder_of_the_server() {
    let architecture = architecture();
    let rows = || architecture.lines().filter(|line| line.starts_with("| `"));
    let missing: Vec<String> = folders("server/src")
        .into_iter()
        .filter(|folder| !rows().any(|row| row.starts_with(&format!("| `{folder}/` |"))))
        .collect();
    assert!(missing.is_empty(), "the map has no row for {missing:#?}");
}

/// The RPCs that a proto file declares.
fn rpcs(file: &str) -> Vec<String> {
    let service = read(&workspace().join("proto/gestan").join(file));
    let declared = service.lines().filter_map(|line| line.trim().strip_prefix("rpc "));
    declared.filter_map(|rest| Some(rest.split('(').next()?.to_owned())).collect()
}

const ACCOUNT: &str = "account/v1/account_service.proto";
const REFERENCE: &str = "account/v1/reference_service.proto";
const SUPPORT: &str = "support/v1/support_service.proto";

#[test]
fn the_table_of_rules_has_every_rpc() {
    let architecture = architecture();
    for (file, least, folder) in [
        (ACCOUNT, 8, "`server/src/accounts/"),
        (REFERENCE, 3, "`server/src/reference/"),
        (SUPPORT, 3, "`server/src/accounts/support/"),
    ] {
        let rpcs = rpcs(file);
        assert!(rpcs.len() >= least, "{rpcs:?}");
        for rpc in rpcs {
            let row = architecture.lines().find(|line| line.starts_with(&format!("| `{rpc}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for {rpc}"));
            assert!(row.contains(folder), "the row for {rpc} names no file: {row}");
        }
    }
}

/// Where all RPCs of installations are listed one by one, and neither the compiler nor another test sees
/// that one is missing.
const LISTS_OF_ALL: [&str; 9] = [
    "README.md",
    "proto/CHANGELOG.md",
    "client/src/blocking.rs",
    "tests/fuzz/src/call.rs",
    "tests/polyglot/cases.json",
    "tests/suite/database/statements.rs",
    "tests/suite/polyglot/grpcurl.rs",
    "tests/suite/transport/raw_bytes.rs",
    "tests/walkthrough.sh",
];

/// Where those of the reference lists are: they take no statement, and no bytes of theirs are
/// kept in a corpus.
const LISTS_OF_REFERENCE: [&str; 8] = [
    "README.md",
    "docs/SECURITY.md",
    "proto/CHANGELOG.md",
    "client/src/blocking.rs",
    "tests/polyglot/cases.json",
    "tests/suite/polyglot/grpcurl.rs",
    "tests/suite/transport/raw_bytes.rs",
    "tests/walkthrough.sh",
];

/// Where those of the support desk are. The compiler asks for the rest: no installation
/// calls them, so that no client has them.
const LISTS_OF_THE_DESK: [&str; 6] = [
    "docs/SECURITY.md",
    "docs/SUPPORT.md",
    "proto/CHANGELOG.md",
    "proto/gestan/support/v1/support_service.proto",
    "tests/suite/database/statements.rs",
    "tests/suite/support/permissions.rs",
];

#[test]
fn every_rpc_is_named_wherever_all_are_listed() {
    let mut missing = Vec::new();
    let lists = [
        (ACCOUNT, &LISTS_OF_ALL[..]),
        (REFERENCE, &LISTS_OF_REFERENCE),
        (SUPPORT, &LISTS_OF_THE_DESK),
    ];
    for (rpcs, lists) in lists.map(|(file, lists)| (rpcs(file), lists)) {
        for list in lists {
            let text = read(&workspace().join(list));
            let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
            let is_missing = |rpc: &&String| {
                !words.contains(&rpc.as_str()) && !words.contains(&&*format!("{rpc}Request"))
            };
            missing.extend(rpcs.iter().filter(is_missing).map(|rpc| format!("{rpc} in {list}")));
        }
    }
    assert!(missing.is_empty(), "not named: {missing:#?}");
}

#[test]
fn an_invariant_names_what_holds_it() {
    let architecture = architecture();
    let (_, invariants) = architecture.split_once("\n## Invariants\n").expect("the invariants");
    let rows: Vec<&str> =
        invariants.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 10, "only {} invariants", rows.len());
    for row in rows {
        let held_by = row.rsplit('|').nth(1).expect("a cell");
        assert!(quoted(held_by).next().is_some(), "nothing holds {row}");
        let missing = missing_functions(quoted(held_by));
        assert!(missing.is_empty(), "{row}: no such tests: {missing:#?}");
    }
}

#[test]
fn the_check_lists_name_tests_that_exist() {
    let contributing = read(&workspace().join("CONTRIBUTING.md"));
    let (_, lists) = contributing.split_once("\n## 8. Check-lists\n").expect("the check-lists");
    let is_sentence = |word: &&str| word.matches('_').count() > 2;
    let missing = missing_functions(quoted(lists).filter(is_sentence));
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}
