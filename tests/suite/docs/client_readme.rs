//! The client's README lists what the client depends on.

use std::{collections::BTreeSet, process::Command};

use gestan_account_tests::process::workspace;

use super::read;

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
