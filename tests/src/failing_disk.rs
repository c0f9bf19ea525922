//! A disk that fails when a test says so: the program's own writes to its database
//! fail, by a library that is loaded before the C library.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command as StdCommand,
};

use tempfile::TempDir;
use tokio::process::Command;

/// How a write fails.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// The disk does not do it: EIO.
    Broken,
    /// The file system was made read-only: EROFS.
    ReadOnly,
    /// There is no room: ENOSPC.
    Full,
    /// The power goes: the program ends there and then. What is done to names counts, too.
    PowerCut,
}

/// The disk of one program.
#[derive(Debug)]
pub struct FailingDisk {
    folder: TempDir,
    control: File,
}

impl FailingDisk {
    /// One that works, for now.
    ///
    /// # Panics
    /// When the library cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let control = folder.path().join("control");
        fs::write(&control, [0; 12]).expect("a file");
        let control = OpenOptions::new().read(true).write(true).open(control).expect("a file");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/failing_disk.c");
        let mut compile = StdCommand::new("cc");
        compile.args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]);
        compile.arg(folder.path().join("failing_disk.so")).arg(source).arg("-ldl");
        assert!(compile.status().expect("a C compiler").success(), "the library is compiled");
        Self { folder, control }
    }

    /// Has a program work on this disk.
    pub fn carry(&self, program: &mut Command) {
        program.env("LD_PRELOAD", self.path("failing_disk.so"));
        program.env("GESTAN_TEST_FAILING_DISK", self.path("control"));
    }

    /// Lets every write fail after so many more.
    pub fn fail(&self, failure: Failure, before: i32) {
        let error: i32 = match failure {
            Failure::Broken => 5,
            Failure::ReadOnly => 30,
            Failure::Full => 28,
            Failure::PowerCut => -1,
        };
        // The error last: from then on it counts.
        self.write(4, before);
        self.write(8, 0);
        self.write(0, error);
    }

    /// Lets it work again.
    pub fn work(&self) {
        self.write(0, 0);
    }

    /// How many writes have failed since it was last told to.
    ///
    /// # Panics
    /// When the control file cannot be read.
    #[must_use]
    pub fn failed(&self) -> i32 {
        let mut failed = [0; 4];
        self.control.read_exact_at(&mut failed, 8).expect("the control file");
        i32::from_ne_bytes(failed)
    }

    fn write(&self, offset: u64, number: i32) {
        self.control.write_all_at(&number.to_ne_bytes(), offset).expect("the control file");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Default for FailingDisk {
    fn default() -> Self {
        Self::new()
    }
}
