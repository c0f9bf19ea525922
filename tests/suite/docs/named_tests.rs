//! Tests that are named with their module exist there.

use gestan_account_tests::process::workspace;

use super::{files, quoted, read};

#[test]
fn every_test_that_the_documents_name_exists() {
    let suite = workspace().join("tests/suite");
    let sources: Vec<(String, String)> = files(&suite, "rs")
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&suite).expect("below the suite");
            let module = name.with_extension("").to_string_lossy().replace('/', "::");
            (module, read(path))
        })
        .collect();
    let documents = ["docs/ASVS.md", "docs/SCALING.md", "docs/SECURITY.md"]
        .map(|name| read(&workspace().join(name)));
    let named: Vec<&str> = documents
        .iter()
        .flat_map(|document| quoted(document))
        .filter(|word| {
            let is_path = |word: &str| {
                word.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c))
            };
            word.contains("::") && is_path(word)
        })
        .collect();
    assert!(named.len() > 100, "only {} tests are named", named.len());
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| {
            let (module, test) = name.rsplit_once("::").expect("a path");
            // A document may leave out the area, as a filter of `cargo test` may.
            let (part, signature) = (format!("::{module}::"), format!("fn {test}("));
            !sources.iter().any(|(path, source)| {
                format!("::{path}::").contains(&part) && source.contains(&signature)
            })
        })
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}
