//! Every test of the service, in one binary. One file an RPC; then what no RPC
//! has to itself.

mod audit;
mod client_retries;
mod client_tls;
mod confirm;
mod crash;
mod create;
mod enumeration;
mod get;
mod grpcurl;
mod health;
mod migrations;
mod peppers;
mod process;
mod proxies;
mod raw_call;
mod register_existing;
mod register_existing_by_code;
mod resend_password;
mod secrets;
mod set_password;
mod set_password_by_password;
mod throttled_mails;
mod throttled_passwords;
mod unlink;
mod update;
mod update_email;
mod update_secret;
mod validation;
mod validation_bounds;
mod validation_random;
mod wizard;
