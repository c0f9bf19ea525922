//! What each RPC does, one file or folder each; then what several of them promise
//! together: conflicts, enumeration, and requests that share a transaction.

mod code_request;
mod confirm;
mod conflicts;
mod create;
mod enumeration;
mod get;
mod many_machines;
mod refused_credentials;
mod refused_words;
mod register_existing;
mod register_existing_by_code;
mod resend_password;
mod reset;
mod secret_in_flight;
mod set_password;
mod shared_reads;
mod shared_requests;
mod unlink;
mod update;
mod update_email;
mod update_secret;
mod update_unchanged;
