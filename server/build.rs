//! Tells the program which commit it is built from.

#[path = "build/commit.rs"]
mod commit;

use std::{env, path::Path};

/// What a packager sets who builds without git.
const GIVEN: &str = "SOURCE_COMMIT";

/// Folders and files that the program is built from.
const SOURCES: [&str; 6] = ["server", "migration", "proto", "client", "Cargo.toml", "Cargo.lock"];

fn main() {
    println!("cargo:rerun-if-env-changed={GIVEN}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    // A build for tests would be made anew after every commit.
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let from = if is_release {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for source in SOURCES {
            println!("cargo:rerun-if-changed={}", workspace.join(source).display());
        }
        for file in commit::files_of_git(&workspace) {
            println!("cargo:rerun-if-changed={}", file.display());
        }
        let given = env::var(GIVEN).ok();
        commit::find(
            &workspace,
            given.as_deref(),
            include_str!("build/archived_commit.txt"),
            &SOURCES,
        )
        .unwrap_or_else(|| "unknown commit".to_owned())
    } else {
        "debug build".to_owned()
    };
    println!("cargo:rustc-env=BUILT_FROM={from}");
}
