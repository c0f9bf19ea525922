//! The database belongs to whoever runs the server, and to nobody else.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use gestan_account_tests::process::{Home, ServerProcess, run_to_end};

/// The permissions of everything in the folder of the database, and of itself.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| fs::metadata(path).expect("a file").mode() & 0o777;
    let mut modes = vec![(".".to_owned(), mode(folder))];
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            modes.push((name, mode(&path)));
        }
    }
    modes
}

fn assert_private(folder: &Path) {
    for (name, mode) in modes(folder) {
        let wanted = if name == "." { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{name} in {} is {mode:o}", folder.display());
    }
}

#[tokio::test]
async fn a_new_database_is_its_owners_alone_whatever_command_makes_it() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    assert_private(&home.path().join("data"));
    assert!(!server.log().contains("others may read"), "{}", server.log());
    drop(server);
    assert_private(&Home::on_sqlite().migrate().await.path().join("data"));
    let target = home.path().join("copies/copie.sqlite");
    let to = format!("sqlite:{}", target.display());
    let copy = ["copy", "--from", "sqlite:data/gestan-account.sqlite", "--to", &to];
    let ended = run_to_end(home.command().args(copy)).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert_private(&home.path().join("copies"));
}

#[tokio::test]
async fn a_file_that_others_may_read_is_told_at_start() {
    let home = Home::on_sqlite();
    assert!(run_to_end(home.command().arg("migrate")).await.status.success());
    let file = home.path().join("data/gestan-account.sqlite");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it is opened up");
    let server = ServerProcess::start(&home, &[]).await;
    let log = server.log();
    assert!(
        log.contains("WARN") && log.contains("others may read") && log.contains("644"),
        "{log}"
    );
    assert_eq!(fs::metadata(&file).expect("a file").mode() & 0o777, 0o644, "that is left to them");
}
