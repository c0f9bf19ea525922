//! Every test of the service, in one binary. One file an RPC; then what no RPC
//! has to itself.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what a test needs and does not get ends the test"
)]

mod api_reference;
mod audit;
mod backup;
mod call_buckets;
mod captured_log;
mod cli;
mod client_replicas;
mod client_retries;
mod client_tls;
mod confirm;
mod conflicts;
mod copy;
mod crash;
mod create;
mod customers;
mod deadlines;
mod derivation;
mod docs;
mod enumeration;
mod failing_disk;
mod faults;
mod full_disk;
mod get;
mod grpcurl;
mod hashing;
mod hashing_queue;
mod hashing_turns;
mod health;
mod ledger;
mod logged;
mod mail_file;
mod mail_mailer;
mod mail_message;
mod mail_writing;
mod many_machines;
mod migrations;
mod networks;
mod outbox;
mod outbox_workers;
mod panic;
mod parsers;
mod peppers;
mod polyglot;
mod private_files;
mod process;
mod proxies;
mod purge;
mod purge_backlog;
mod raw_bytes;
mod raw_call;
mod register_existing;
mod register_existing_by_code;
mod replaced_file;
mod replicas;
mod resend_password;
mod rolled_back;
mod rolling_restart;
mod secrets;
mod set_password;
mod set_password_by_password;
mod shared_connection;
mod shared_reads;
mod shared_requests;
mod slow_peers;
mod smtp;
mod smtp_failures;
mod spread;
mod statements;
mod stored;
mod strength;
mod throttled_calls;
mod throttled_mails;
mod throttled_passwords;
mod tls;
mod transport;
mod unlink;
mod unread;
mod unread_memory;
mod unreadable;
mod update;
mod update_email;
mod update_secret;
mod upgrades;
mod validation;
mod validation_bounds;
mod validation_random;
mod wizard;
mod words;
