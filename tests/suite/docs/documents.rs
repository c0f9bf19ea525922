//! What the documents say of the code is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use gestan_account_server::cli;
use gestan_account_tests::process::workspace;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn every_test_that_the_documents_name_exists() {
    let suite = workspace().join("tests/suite");
    let sources: Vec<(String, String)> = rust_files(&suite)
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&suite).expect("below the suite");
            let module = name.with_extension("").to_string_lossy().replace('/', "::");
            (module, read(path))
        })
        .collect();
    let documents =
        ["docs/SCALING.md", "docs/SECURITY.md"].map(|name| read(&workspace().join(name)));
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

#[test]
fn the_readme_tells_every_setting_with_its_default() {
    let readme = read(&workspace().join("README.md"));
    let command = cli::program();
    for argument in command.get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let variable = variable.to_string_lossy();
        let name = variable.strip_prefix("GESTAN_ACCOUNT_").expect("our prefix");
        let row = readme
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("the README has no row for {name}"));
        for default in argument.get_default_values() {
            let default = default.to_string_lossy();
            let is_told = row.contains(&format!("`{default}`"))
                || matches!(&*default, "" | "false")
                || default.parse::<u32>().is_ok_and(|_| row.contains(&*default));
            assert!(is_told, "the README's row for {name} does not tell its default {default}");
        }
    }
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let documents = [
        "README.md",
        "client/README.md",
        "docs/API.md",
        "docs/SCALING.md",
        "docs/SECURITY.md",
        "docs/WINDEV.md",
        "proto/CHANGELOG.md",
        "tests/polyglot/README.md",
    ];
    for document in documents {
        let path = workspace().join(document);
        let folder = path.parent().expect("a folder");
        let text = read(&path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(folder.join(target).exists(), "{document} links to {target}");
        }
    }
}

/// The names of what the client depends on, on Linux.
fn client_tree(arguments: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--package", "gestan-account-client"])
        .args(["--edges", "normal", "--target", "x86_64-unknown-linux-gnu", "--prefix", "none"])
        .arg("--no-default-features")
        .args(arguments)
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    // The first line is the client itself.
    tree.lines().skip(1).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_clients_readme_lists_what_the_client_depends_on() {
    let readme = read(&workspace().join("client/README.md"));
    let listed: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split_once("`:"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(listed, Vec::from_iter(client_tree(&["--depth", "1"])));
}

#[test]
fn the_clients_readme_lists_the_crates_that_each_feature_brings() {
    let plain = client_tree(&[]);
    let mut trees = vec![("no feature", plain.clone())];
    for feature in ["tls", "blocking", "keyring"] {
        trees.push((feature, &client_tree(&["--features", feature]) - &plain));
    }
    let list = |(feature, crates): (&str, BTreeSet<String>)| {
        format!("{feature}, {}: {}\n", crates.len(), Vec::from_iter(crates).join(" "))
    };
    let expected: String = trees.into_iter().map(list).collect();
    let readme = read(&workspace().join("client/README.md"));
    let listed = readme.split("```").nth(1).expect("a block").trim_start_matches("text");
    // Where lines are broken does not matter.
    assert!(listed.split_whitespace().eq(expected.split_whitespace()), "it is\n{expected}");
}
