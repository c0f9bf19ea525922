//! Every test of the service, in one binary. One file an RPC; then what no RPC
//! has to itself.

mod create;
mod enumeration;
mod peppers;
mod proxies;
mod throttled_mails;
mod throttled_passwords;
