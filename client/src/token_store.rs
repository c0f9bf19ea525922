//! Where a program keeps its link token between two runs.
//!
//! A program says itself which store it uses, and where. No store may put the token
//! into an error or a log.

mod file;
#[cfg(feature = "keyring")]
mod keyring;

use std::io;

pub use file::FileTokenStore;
#[cfg(feature = "keyring")]
pub use keyring::KeyringTokenStore;

use crate::link_token::LinkToken;

/// Keeps the link token of one machine.
///
/// ```
/// use gestan_account_client::{FileTokenStore, LinkToken, TokenStore};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("link-token");
/// let store = FileTokenStore::new(path);
/// assert!(store.load()?.is_none(), "this machine was never linked");
///
/// // The answer of `set_password` or `register_existing` brings the token …
/// let token = LinkToken::parse("7f0c7d3e6a57").expect("a token of the service");
/// store.save(&token)?;
///
/// // … and the next run of the program finds it.
/// assert_eq!(store.load()?, Some(token));
///
/// // After `unlink` it is of no use any more.
/// store.clear()?;
/// assert!(store.load()?.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait TokenStore: Send + Sync {
    /// The token that was saved last; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or holds something else.
    fn load(&self) -> io::Result<Option<LinkToken>>;

    /// Keeps `token` in the place of the one before. When this returns, it
    /// outlives a crash: the service gives a token once.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; the token before is still there.
    fn save(&self, token: &LinkToken) -> io::Result<()>;

    /// Forgets the token. That there is none is a success.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    fn clear(&self) -> io::Result<()>;
}
