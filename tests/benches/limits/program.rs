//! The program itself: how large it is.

use std::{fs, process::Command};

use gestan_account_tests::process::server_program;
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
