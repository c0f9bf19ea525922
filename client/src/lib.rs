//! The client of Gestan's account service, for desktop programs.
//!
//! [`Client`] has one method for each RPC of `gestan.account.v1`. It keeps its
//! connection and mends it when it breaks, gives every call a deadline, repeats
//! a call only where the contract makes a repeat harmless, and turns what the
//! server refuses into an [`Error`] that names its [`v1::ErrorReason`].
//!
//! Of a service that has several replicas, [`Client::connect_any`] takes every
//! URL, and goes on through the restart of any of them.
//!
//! With the feature `tls` (on by default) a URL may begin with `https://`. With
//! the feature `blocking`, the module `blocking` has the same client for
//! programs without an async runtime.
//!
//! A link token is given once: a [`TokenStore`] keeps it, in a file or, with the
//! feature `keyring`, in the keyring of the system.
//!
//! ```
#![doc = include_str!("../docs/open_account.rs")]
//! ```

mod client;
mod connection;
mod dialler;
mod endpoints;
mod error;
mod link_token;
mod options;
mod pulse;
mod rejection;
mod retry;
mod token_store;
mod tunnel;

#[cfg(feature = "blocking")]
pub mod blocking;

pub use client::Client;
pub use error::Error;
pub use gestan_account_proto::v1;
pub use link_token::LinkToken;
#[cfg(feature = "tls")]
pub use options::TlsOptions;
pub use options::{ClientOptions, Proxy};
pub use prost_types::{FieldMask, Timestamp};
pub use rejection::{FieldViolation, Rejection};
#[cfg(feature = "keyring")]
pub use token_store::KeyringTokenStore;
pub use token_store::{FileTokenStore, TokenStore};
pub use tonic::Code;
pub use tunnel::{ProxyError, ProxyFault};

/// What the client calls itself.
const USER_AGENT: &str = concat!("gestan-account-client/", env!("CARGO_PKG_VERSION"));
