//! GNOME's keyring itself, in a session of its own: a test runs itself again
//! there, once for each part that a process of its own plays.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use tokio::runtime::Builder;

use super::*;

/// The part that this process plays; without it, it starts the session.
const PART: &str = "GESTAN_TESTS_KEYRING_PART";

const UNLOCKED: &str =
    "printf %s 'quatre bateaux' | gnome-keyring-daemon --unlock --components=secrets || exit";

const NO_BUS: &str = "export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent";

/// `$0` is this program, `$1` the test, `$2` how many parts it has.
const PLAY: &str = r#"
for part in $(seq 0 $(($2 - 1))); do
    GESTAN_TESTS_KEYRING_PART=$part "$0" --exact "token_store::keyring::tests::$1" || exit
done
"#;

/// Plays the parts one after the other, in a session that begins with `keyring`.
fn play(test: &str, keyring: &str, parts: &[fn()]) {
    if let Ok(part) = env::var(PART) {
        return parts[part.parse::<usize>().unwrap()]();
    }
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let Output { status, stdout, stderr } = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", &format!("{keyring}\n{PLAY}")])
        .arg(env::current_exe().unwrap())
        .args([test, &parts.len().to_string()])
        .envs(["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"].map(|name| (name, home.path())))
        .output()
        .expect("dbus-run-session starts; Debian has it in dbus-daemon");
    let told = String::from_utf8_lossy(&stdout);
    assert!(status.success(), "{told}\n{}", String::from_utf8_lossy(&stderr));
    // A name that is no test's would succeed, too.
    assert_eq!(told.matches("1 passed").count(), parts.len(), "{told}");
}

fn store() -> KeyringTokenStore {
    KeyringTokenStore::new("Gestan, tests", "Caisse 1")
}

fn token(text: &str) -> LinkToken {
    LinkToken::parse(text).unwrap()
}

#[test]
fn the_token_that_was_saved_last_outlives_the_process() {
    let parts: [fn(); 3] = [
        || {
            assert_eq!(store().load().unwrap(), None);
            store().save(&token("s3cr3t-1")).unwrap();
        },
        || {
            assert_eq!(store().load().unwrap(), Some(token("s3cr3t-1")));
            store().save(&token("s3cr3t-2")).unwrap();
        },
        || {
            assert_eq!(store().load().unwrap(), Some(token("s3cr3t-2")));
            let other = KeyringTokenStore::new("Gestan, tests", "Caisse 2");
            assert_eq!(other.load().unwrap(), None);
        },
    ];
    play("the_token_that_was_saved_last_outlives_the_process", UNLOCKED, &parts);
}

#[test]
fn clear_forgets_the_token_and_may_be_repeated() {
    let parts: [fn(); 3] = [
        || {
            store().clear().unwrap();
            store().save(&token("s3cr3t")).unwrap();
        },
        || {
            store().clear().unwrap();
            store().clear().unwrap();
        },
        || assert_eq!(store().load().unwrap(), None),
    ];
    play("clear_forgets_the_token_and_may_be_repeated", UNLOCKED, &parts);
}

#[test]
fn an_async_program_may_call_it_too() {
    let part = || {
        let runtime = Builder::new_current_thread().build().unwrap();
        let loaded = runtime.block_on(async {
            store().save(&token("s3cr3t")).unwrap();
            store().load().unwrap()
        });
        assert_eq!(loaded, Some(token("s3cr3t")));
    };
    play("an_async_program_may_call_it_too", UNLOCKED, &[part]);
}

#[test]
fn what_is_no_token_is_an_error_that_does_not_tell_it() {
    let part = || {
        for secret in [&b"two words"[..], b"", b"\xffs3cr3t"] {
            store().entry().unwrap().set_secret(secret).unwrap();
            let error = store().load().unwrap_err();
            assert_eq!(error.to_string(), "the keyring holds no link token");
            assert!(!format!("{error:?}").contains("115, 51"), "{error:?}");
        }
    };
    play("what_is_no_token_is_an_error_that_does_not_tell_it", UNLOCKED, &[part]);
}

#[test]
fn without_a_keyring_every_call_fails_and_tells_no_token() {
    let part = || {
        store().load().unwrap_err();
        store().clear().unwrap_err();
        let error = store().save(&token("s3cr3t")).unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", store()).contains("s3cr3t"));
    };
    play("without_a_keyring_every_call_fails_and_tells_no_token", NO_BUS, &[part]);
}
