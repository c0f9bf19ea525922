//! The documents are true: what they say of the code, and of each other, is so.

mod alerts;
mod api_reference;
mod architecture;
mod asvs;
mod client_readme;
mod decisions;
mod figures;
mod links;
mod named_tests;
mod operations;
mod packages;
mod privacy;
mod runbooks;
mod service_config;
mod support_desk;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use gestan_account_tests::process::workspace;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder that have this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found
}

/// Every document, by its path in the repository.
fn documents() -> Vec<String> {
    let workspace = workspace();
    let below_docs = files(&workspace.join("docs"), "md");
    let below_docs = below_docs.iter().map(|path| {
        let path = path.strip_prefix(workspace).expect("in the repository");
        path.to_string_lossy().into_owned()
    });
    let others = [
        "CONTRIBUTING.md",
        "README.md",
        "client/README.md",
        "client/ffi/README.md",
        "client/packages/README.md",
        "client/packages/csharp/README.md",
        "client/packages/go/README.md",
        "client/packages/java/README.md",
        "client/packages/npm/README.md",
        "client/packages/python/README.md",
        "proto/CHANGELOG.md",
        "tests/fuzz/README.md",
        "tests/polyglot/README.md",
    ];
    below_docs.chain(others.map(str::to_owned)).collect()
}

/// The words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a quoted word is the name of a function, as far as its letters tell.
fn is_function_name(word: &str) -> bool {
    word.contains('_')
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The names of all functions of the suite, and of the crates, which have tests, too.
static FUNCTIONS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let folders = [
        "tests/suite",
        "server/src",
        "client/src",
        "client/desktop",
        "client/ffi/src",
        "client/wizard",
    ];
    let sources = folders.iter().flat_map(|folder| files(&workspace().join(folder), "rs"));
    let mut functions = BTreeSet::new();
    for source in sources {
        let source = read(&source);
        let names = source.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
        functions.extend(names.map(str::to_owned));
    }
    functions
});

/// The names of functions among `words` that no function has.
fn missing_functions<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    words.filter(|word| is_function_name(word) && !FUNCTIONS.contains(*word)).collect()
}
