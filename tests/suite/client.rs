//! The Rust client, and the example program that is made with it.

mod addresses;
mod ffi;
mod proxies;
mod replicas;
mod retries;
mod tls;
mod waking;
mod wizard;
