//! The program itself: how large it is, and how long it takes to be built.

use std::{fs, process::Command, time::Instant};

use gestan_account_tests::process::{server_program, workspace};
use tempfile::TempDir;

use crate::figure::{Goal, Table, Values};

pub(crate) fn measure(table: &mut Table) {
    let folder = TempDir::new().expect("a folder");
    let stripped = folder.path().join("stripped");
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&stripped).arg(server_program());
    assert!(strip.status().expect("strip runs").success(), "it is stripped");
    let bytes = fs::metadata(&stripped).expect("a file").len() as f64;
    let size = Values::from_iter([bytes / 1024.0 / 1024.0]);
    table.tell("program, stripped", "MiB", Goal::AtMost(20.0), size);
}

/// Builds it from nothing but what cargo has fetched.
pub(crate) fn build(table: &mut Table) {
    let folder = TempDir::new().expect("a folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--locked", "--bin", "gestan-account-server"]);
    cargo.arg("--target-dir").arg(folder.path()).current_dir(workspace());
    let start = Instant::now();
    assert!(cargo.status().expect("cargo runs").success(), "it is built");
    let minutes = Values::from_iter([start.elapsed().as_secs_f64() / 60.0]);
    table.tell("cold release build", "min", Goal::None, minutes);
}
