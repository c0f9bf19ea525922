//! The one connection of the process: opened, taken in place of the one before, and called over.
//!
//! What a host wants to keep between two calls is here and nowhere else: it holds no handle.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gestan_account_client::blocking::Client;
use serde_json::{Value, json};

use crate::{answer, failure::Failure, options::Options, request, rpc, texts, token::Tokens};

/// The connection that new calls take. A call that is under way holds its own.
static CURRENT: RwLock<Option<Arc<Connection>>> = RwLock::new(None);

/// Held while a connection is opened, so that of two concurrent ones the later counts.
static OPENING: Mutex<()> = Mutex::new(());

/// The service, as the options have it.
pub(crate) struct Connection {
    options: Options,
    client: Client,
    tokens: Tokens,
}

/// Opens the connection that calls from now on take; the same options leave the one that is there.
/// When it fails, everything is as it was.
///
/// # Errors
///
/// When the options cannot be used, or the store of the link token cannot be read: the first call
/// would fail for that, too late for a host to choose another.
pub(crate) fn connect(options: &str) -> Result<Value, Failure> {
    let options = Options::parse(options)?;
    let _turn = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = match open_one() {
        Some(connection) if connection.options == options => connection,
        _ => Arc::new(Connection::new(options)?),
    };
    let stored = connection.tokens.are_stored()?;
    texts::speak(&connection.options.locale);
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    Ok(answer::given(json!({ "link_token_stored": stored })))
}

/// The connection for a call.
///
/// # Errors
///
/// When there is none.
pub(crate) fn current() -> Result<Arc<Connection>, Failure> {
    open_one().ok_or_else(|| Failure::Usage("`gestan_connect` has to be called first".into()))
}

fn open_one() -> Option<Arc<Connection>> {
    CURRENT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Connection {
    fn new(options: Options) -> Result<Self, Failure> {
        // The first call connects: a program starts though the network is not there yet.
        let client = Client::connect_any_lazy(&options.urls, options.client())?;
        let tokens = Tokens::new(&options);
        Ok(Self { options, client, tokens })
    }

    /// Makes a call.
    ///
    /// # Errors
    ///
    /// When there is no such RPC, the request cannot be read, or the call fails.
    pub(crate) fn call(&self, rpc: &str, request: &str, token: &str) -> Result<Value, Failure> {
        let rpc = rpc::find(rpc)?;
        let request = request::read(&rpc.request, request)?;
        let token = self.tokens.choose(rpc.name, token)?;
        let client = match &token {
            Some(token) => self.client.with_link_token(token),
            None => self.client.clone(),
        };
        let mut response = rpc.call(&client, &request)?;
        let kept = self.tokens.keep(rpc.name, &request, token.as_ref(), &mut response);
        let mut answer = answer::given(response);
        if let Err(failure) = kept {
            // The service has done what it was asked: its answer is not to be lost.
            answer["token_store"] = answer::unkept(&failure);
        }
        Ok(answer)
    }
}
