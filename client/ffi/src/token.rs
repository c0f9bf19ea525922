//! Which link token a call bears, and what becomes of one that an answer brings.
//!
//! The library keeps it in a store of the system, so that a host need not hold a secret. It is read
//! from there for each call: another process of the same installation may have changed it.

use std::sync::{Mutex, PoisonError};

use gestan_account_client::{FileTokenStore, KeyringTokenStore, LinkToken, TokenStore};
use prost_reflect::DynamicMessage;
use serde_json::Value;

use crate::{
    failure::Failure,
    options::{self, Options},
};

/// What the system's own tools show as the program that the secret is for.
const PROGRAM: &str = "Gestan";

/// The RPCs that ask who calls, or, as ResendPassword, that do more for a linked machine. The
/// others need no token, and a dead one must not be in their way.
const ASKING: [&str; 6] =
    ["Get", "ListTimeEntries", "ResendPassword", "SetPassword", "Unlink", "Update"];

/// Where responses have the token.
const FIELD: &str = "link_token";

/// Held while the stored token is changed: it is read before it is forgotten.
static CHANGING: Mutex<()> = Mutex::new(());

/// The link token of this machine, kept or left to the host.
pub(crate) struct Tokens {
    store: Option<Box<dyn TokenStore>>,
    machine_id: String,
}

impl Tokens {
    pub(crate) fn new(options: &Options) -> Self {
        let store: Option<Box<dyn TokenStore>> = match &options.token_store {
            options::TokenStore::System => {
                Some(Box::new(KeyringTokenStore::new(PROGRAM, &options.machine_id)))
            }
            options::TokenStore::File(path) => Some(Box::new(FileTokenStore::new(path))),
            options::TokenStore::None => None,
        };
        Self { store, machine_id: options.machine_id.clone() }
    }

    /// Whether a token is kept: whether this machine is linked, as far as it knows.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn are_stored(&self) -> Result<bool, Failure> {
        Ok(self.load()?.is_some())
    }

    /// The token that a call bears: the one that is given, or else the stored one, if it is asked
    /// for.
    ///
    /// # Errors
    ///
    /// When the one that is given is none, or the store cannot be read.
    pub(crate) fn choose(&self, rpc: &str, given: &str) -> Result<Option<LinkToken>, Failure> {
        if !given.is_empty() {
            return Ok(Some(LinkToken::parse(given)?));
        }
        if ASKING.contains(&rpc) { self.load() } else { Ok(None) }
    }

    /// Does what a success asks for: a token that the response brings is stored and taken out of
    /// it, one that the service has declared dead is forgotten. `used` is the one of the call.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; a new token is then left in the response.
    pub(crate) fn keep(
        &self,
        rpc: &str,
        request: &DynamicMessage,
        used: Option<&LinkToken>,
        response: &mut Value,
    ) -> Result<(), Failure> {
        let Some(store) = &self.store else { return Ok(()) };
        let _turn = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Value::String(token)) = response.get(FIELD) {
            if !token.is_empty() {
                store.save(&LinkToken::parse(token.as_str())?).map_err(Failure::Store)?;
            }
            response.as_object_mut().and_then(|fields| fields.remove(FIELD));
        }
        // Meanwhile, another token may have come in place of the one that is dead.
        if rpc == "Unlink" && self.is_own(request) && self.load()?.as_ref() == used {
            store.clear().map_err(Failure::Store)?;
        }
        Ok(())
    }

    /// Whether an Unlink is of this machine.
    fn is_own(&self, unlink: &DynamicMessage) -> bool {
        let named = unlink.get_field_by_name("machine_id");
        let named = named.as_ref().and_then(|field| field.as_str()).unwrap_or_default();
        named.is_empty() || named.eq_ignore_ascii_case(&self.machine_id)
    }

    fn load(&self) -> Result<Option<LinkToken>, Failure> {
        self.store.as_ref().map_or(Ok(None), |store| store.load().map_err(Failure::Store))
    }
}
