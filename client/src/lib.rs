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
//! ```no_run
//! use gestan_account_client::{Client, ClientOptions, LinkToken, v1};
//!
//! # async fn example() -> Result<(), gestan_account_client::Error> {
//! let options = ClientOptions::new().locale("fr-FR");
//! let client = Client::connect("https://compte.example.fr", options).await?;
//!
//! let registered = client
//!     .register_existing(v1::RegisterExistingRequest {
//!         account_id: 1042,
//!         secret: "sept bateaux verts".into(),
//!         machine: Some(v1::Machine {
//!             id: "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11".into(),
//!             name: "Caisse 1".into(),
//!         }),
//!     })
//!     .await?;
//!
//! // Keep the token where only this user can read it: see `TokenStore`.
//! let token = LinkToken::parse(registered.link_token)?;
//! let client = client.with_link_token(&token);
//! match client.get(v1::GetRequest::default()).await {
//!     Ok(answer) => println!("{:?}", answer.account),
//!     Err(error) if error.reason() == Some(v1::ErrorReason::InvalidCredentials) => {
//!         println!("this machine was detached");
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod connection;
mod endpoints;
mod error;
mod link_token;
mod options;
mod rejection;
mod retry;
mod token_store;

#[cfg(feature = "blocking")]
pub mod blocking;

pub use client::Client;
pub use error::Error;
pub use gestan_account_proto::v1;
pub use link_token::LinkToken;
pub use options::ClientOptions;
#[cfg(feature = "tls")]
pub use options::TlsOptions;
pub use prost_types::{FieldMask, Timestamp};
pub use rejection::{FieldViolation, Rejection};
pub use token_store::{FileTokenStore, TokenStore};
pub use tonic::Code;
