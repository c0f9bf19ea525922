//! Which commit a folder of sources is: what a packager says, else what git says, else
//! what `git archive` has written into the archive. The build script includes this file,
//! and a test.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// As many characters of a commit as tell it from every other.
const LENGTH: usize = 12;

/// The commit of `workspace`, with `-dirty` behind it if one of `sources` differs from it.
pub(crate) fn find(
    workspace: &Path,
    given: Option<&str>,
    archived: &str,
    sources: &[&str],
) -> Option<String> {
    given.and_then(shortened).or_else(|| by_git(workspace, sources)).or_else(|| shortened(archived))
}

/// The files that change when the commit does, as far as git keeps them for `workspace`.
pub(crate) fn files_of_git(workspace: &Path) -> Vec<PathBuf> {
    let branch = git(workspace, &["symbolic-ref", "-q", "HEAD"]);
    let names = ["HEAD", "packed-refs"].into_iter().map(str::to_owned).chain(branch);
    let path = |name: String| git(workspace, &["rev-parse", "--git-path", &name]);
    let files = names.filter_map(path).map(|path| workspace.join(path));
    files.filter(|file| file.exists()).collect()
}

fn by_git(workspace: &Path, sources: &[&str]) -> Option<String> {
    // An archive that was unpacked inside of another repository is none of its commits.
    if !git(workspace, &["rev-parse", "--show-cdup"])?.is_empty() {
        return None;
    }
    let commit = shortened(&git(workspace, &["rev-parse", "HEAD"])?)?;
    let changes = [&["status", "--porcelain", "--"], sources].concat();
    let is_clean = git(workspace, &changes)?.is_empty();
    Some(if is_clean { commit } else { format!("{commit}-dirty") })
}

/// What git answers, if there is git, and it knows.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| answer.trim().to_owned())
}

fn shortened(commit: &str) -> Option<String> {
    let commit = commit.trim();
    let is_hash = commit.len() >= LENGTH && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| commit.chars().take(LENGTH).collect())
}
