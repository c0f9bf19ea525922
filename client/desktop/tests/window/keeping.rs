//! What the machine remembers, and where.

use std::{fs, io, os::unix::fs::PermissionsExt as _};

use gestan_account_client::{LinkToken, TokenStore};
use gestan_account_desktop::Store;
use gestan_account_tests::machine;
use gestan_account_wizard::{Field, Kept, Language, Link, Pending, Purpose, Screen};
use tempfile::TempDir;

use crate::scene::{EMAIL, Scene, Service};

const TOKEN: &str = "s3cr3t-of-the-link";

fn linked() -> Kept {
    let link = Some(Link { account_id: 7, token: TOKEN.to_owned() });
    let pending = Some(Pending {
        purpose: Purpose::Forgotten,
        challenge_id: "challenge".to_owned(),
        recipient: EMAIL.to_owned(),
        ticket: Some("ticket".to_owned()),
        account_existed: true,
    });
    Kept { link, pending, ..Kept::new(machine(1)) }
}

/// A session without a keyring.
struct NoKeyring;

impl TokenStore for NoKeyring {
    fn load(&self) -> io::Result<Option<LinkToken>> {
        Err(io::Error::other("no keyring"))
    }

    fn save(&self, _: &LinkToken) -> io::Result<()> {
        Err(io::Error::other("no keyring"))
    }

    fn clear(&self) -> io::Result<()> {
        Err(io::Error::other("no keyring"))
    }
}

#[test]
fn without_a_keyring_the_token_is_in_a_file_that_only_its_user_reads() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("gestan/fenetre.json");
    let store = Store::new(&path, Some(Box::new(NoKeyring)));
    assert_eq!(store.load().expect("it is read"), None);
    store.save(&linked()).expect("it is kept");
    assert_eq!(store.load().expect("it is read"), Some(linked()));
    for file in fs::read_dir(path.parent().expect("a folder")).expect("a folder") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} can be read by others", file.path());
    }
    assert!(!fs::read_to_string(&path).expect("a file").contains(TOKEN));
    let unlinked = Kept { link: None, pending: None, ..linked() };
    store.save(&unlinked).expect("it is kept");
    assert_eq!(store.load().expect("it is read"), Some(unlinked));
    let left = fs::read_dir(path.parent().expect("a folder")).expect("a folder").count();
    assert_eq!(left, 1, "the token is left behind");
}

#[test]
fn with_a_keyring_the_token_is_in_no_file() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("fenetre.json");
    let elsewhere = TempDir::new().expect("a folder");
    let keyring = || {
        let token = elsewhere.path().join("token");
        Some(Box::new(gestan_account_client::FileTokenStore::new(token)) as Box<dyn TokenStore>)
    };
    Store::new(&path, keyring()).save(&linked()).expect("it is kept");
    let files = fs::read_dir(folder.path()).expect("a folder");
    for file in files {
        let text = fs::read_to_string(file.expect("a file").path()).expect("a file");
        assert!(!text.contains(TOKEN), "{text}");
    }
    assert_eq!(Store::new(&path, keyring()).load().expect("it is read"), Some(linked()));
    // A keyring that cannot be read now is told: the machine is not taken for one without a link.
    assert!(Store::new(&path, Some(Box::new(NoKeyring))).load().is_err());
}

#[test]
fn a_damaged_file_is_told_by_its_name() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("fenetre.json");
    for text in ["", "{", "[]", "{\"machine_id\": 7}", "\u{0}"] {
        fs::write(&path, text).expect("it is written");
        let error = Store::new(&path, None).load().expect_err("it is damaged");
        assert!(error.to_string().contains("fenetre.json"), "{error}");
    }
}

#[test]
fn a_disk_that_takes_nothing_is_told_on_the_window() {
    let service = Service::start();
    let mut scene = Scene::in_language(&service, Language::French);
    scene.draw();
    // Root may write anywhere, but no file can be where a folder is.
    fs::remove_file(scene.file()).expect("the file goes");
    fs::create_dir(scene.file()).expect("a folder is in its place");
    scene.clicks("Créer un nouveau compte");
    scene.until("notice", |wizard| wizard.notice().is_some());
    scene.types(Field::Email, EMAIL);
    scene.enter();
    scene.until_screen(&Screen::Code);
    assert!(scene.reads("Ce poste ne peut pas noter où il en est"));
    service.mails();
}
