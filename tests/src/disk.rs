//! A small disk that can be filled for real: a file system of its own, which only
//! the process that mounts it sees, and which goes with it.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Set in a process that may mount what nobody else sees.
const APART: &str = "GESTAN_TEST_APART";

/// Whether this process may mount. Where it may not, it runs the test of this name
/// in one that may, waits for its end, and the test is done.
///
/// # Panics
/// When the test fails there.
#[must_use]
pub fn may_mount(test: &str) -> bool {
    if env::var_os(APART).is_some() {
        return true;
    }
    let mut apart = Command::new("unshare");
    apart.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        apart.arg("--map-root-user");
    }
    let program = env::current_exe().expect("this program");
    let output = apart.arg(program).args(["--exact", test, "--nocapture"]).env(APART, "1").output();
    let output = output.expect("unshare (Debian: util-linux) runs");
    let (printed, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{printed}");
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}\n{said}");
    false
}

/// A disk of a few MiB, empty.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one, where [`may_mount`] says that this process may.
    ///
    /// # Panics
    /// When it cannot.
    #[must_use]
    pub fn new(mib: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        let options = format!("size={mib}m,mode=755");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "gestan-test"]).arg(folder.path());
        assert!(mount.status().expect("mount runs").success(), "a disk is mounted");
        Self { folder }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The address of an SQLite file on it.
    #[must_use]
    pub fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.path().join("data/account.sqlite").display())
    }

    /// Fills it to its last byte.
    ///
    /// # Panics
    /// When writing fails for another reason.
    pub fn fill(&self) {
        let mut filler = OpenOptions::new().append(true).create(true).open(self.filler());
        let filler = filler.as_mut().expect("a file");
        for size in [1 << 20, 1 << 12, 1] {
            write_all_that_fits(filler, &vec![b'x'; size]);
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn make_room(&self) {
        fs::remove_file(self.filler()).expect("it was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a program that was killed may be about to end.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn write_all_that_fits(file: &mut File, block: &[u8]) {
    loop {
        match file.write_all(block) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return,
            Err(error) => panic!("the disk fails otherwise: {error}"),
        }
    }
}
