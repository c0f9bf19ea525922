//! An SQLite database where this program may not write: said in a sentence.

use std::{
    fs,
    process::{Command, Stdio},
};

use gestan_account_tests::{
    SmallDisk, is_postgres, may_mount,
    process::{Ended, Home, run_to_end},
};

fn remount_read_only(disk: &SmallDisk) {
    let mut mount = Command::new("mount");
    mount.args(["-o", "remount,ro"]).arg(disk.path()).stdin(Stdio::null());
    assert!(mount.status().expect("mount runs").success(), "it is mounted anew");
}

fn assert_told(ended: &Ended, folder: &str) {
    assert!(!ended.status.success(), "{}", ended.log);
    for told in [folder, "read-only", "mount it", "another place"] {
        assert!(ended.log.contains(told), "{told:?} is not in {}", ended.log);
    }
}

#[tokio::test]
async fn a_database_on_a_read_only_disk_is_told_with_its_folder_and_the_way_out() {
    let test = "database::read_only::\
                a_database_on_a_read_only_disk_is_told_with_its_folder_and_the_way_out";
    if is_postgres() || !may_mount(test) {
        return;
    }
    let disk = SmallDisk::new(8);
    let folder = disk.path().join("data").display().to_string();
    let home = Home::with_database(disk.sqlite_url());
    let migrate = async || run_to_end(home.command().arg("migrate")).await;
    // There is nothing, and nothing can be made.
    remount_read_only(&disk);
    assert_told(&migrate().await, &folder);
    // It is there.
    let disk = SmallDisk::new(8);
    let folder = disk.path().join("data").display().to_string();
    let home = Home::with_database(disk.sqlite_url());
    let migrate = async || run_to_end(home.command().arg("migrate")).await;
    let made = migrate().await;
    assert!(made.status.success(), "{}", made.log);
    remount_read_only(&disk);
    assert_told(&migrate().await, &folder);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told_with_the_way_out() {
    let home = Home::on_sqlite();
    fs::write(home.path().join("data"), "a file").expect("a file");
    let ended = run_to_end(home.command().arg("migrate")).await;
    assert!(!ended.status.success(), "{}", ended.log);
    for told in ["cannot create data", "its folder", "another place"] {
        assert!(ended.log.contains(told), "{told:?} is not in {}", ended.log);
    }
}
