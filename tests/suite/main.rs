//! Every test of the service, in one binary, by area: `cargo test rpc::` runs the
//! tests of the RPCs, `cargo test mail::` those of the mails.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what a test needs and does not get ends the test"
)]

mod client;
mod credentials;
mod database;
mod docs;
mod limits;
mod mail;
mod operation;
mod polyglot;
mod reference;
mod rpc;
mod support;
mod transport;
mod validation;
