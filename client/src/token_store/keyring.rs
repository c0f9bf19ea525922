//! A token in the keyring of the system.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(all(unix, not(target_os = "macos")))]
use dbus_secret_service_keyring_store::Store;
use keyring_core::{CredentialStore, Entry, Error};
#[cfg(windows)]
use windows_native_keyring_store::Store;

use super::TokenStore;
use crate::link_token::LinkToken;

/// Keeps the token in the keyring of the system's user: the Credential Manager
/// of Windows, the login keychain of macOS, elsewhere the Secret Service that
/// the desktop offers on D-Bus.
///
/// A call waits for the keyring, which may ask the user to unlock it. Where
/// there is no keyring, as in a session without a desktop, every call fails:
/// [`FileTokenStore`](super::FileTokenStore) needs none.
///
/// ```
/// use gestan_account_client::KeyringTokenStore;
///
/// let store = KeyringTokenStore::new("Gestan", "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11");
/// ```
#[derive(Clone, Debug)]
pub struct KeyringTokenStore {
    service: String,
    user: String,
}

impl KeyringTokenStore {
    /// A store in the entry that bears these two names, neither of which may be
    /// empty: of the program, and of what the token is for, such as the ID of
    /// the machine. The system's own tools show them.
    #[must_use]
    pub fn new(service: impl Into<String>, user: impl Into<String>) -> Self {
        Self { service: service.into(), user: user.into() }
    }

    /// The entry, over a connection of its own: a keyring may be started anew
    /// while the program runs.
    fn entry(&self) -> Result<Entry, Error> {
        let keyring: Arc<CredentialStore> = Store::new()?;
        Entry::new_in_store(&keyring, &self.service, &self.user)
    }
}

impl TokenStore for KeyringTokenStore {
    fn load(&self) -> io::Result<Option<LinkToken>> {
        match self.entry().and_then(|entry| entry.get_password()) {
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
            Ok(text) => LinkToken::parse(text).map(Some).map_err(|_| not_ours()),
        }
    }

    fn save(&self, token: &LinkToken) -> io::Result<()> {
        self.entry().and_then(|entry| entry.set_password(token.reveal())).map_err(refused)
    }

    fn clear(&self) -> io::Result<()> {
        match self.entry().and_then(|entry| entry.delete_credential()) {
            Err(Error::NoEntry) => Ok(()),
            cleared => cleared.map_err(refused),
        }
    }
}

/// Some of the keyring's errors carry what was stored.
fn refused(error: Error) -> io::Error {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => not_ours(),
        error => io::Error::other(error),
    }
}

fn not_ours() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the keyring holds no link token")
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
