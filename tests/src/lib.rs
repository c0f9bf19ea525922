//! What the tests work with: the real server on a port of its own, a fresh
//! database, a clock that they move, randomness that repeats, mail in memory.
//! Everything goes through the real client over real TCP.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what a test needs and does not get ends the test"
)]

mod captured_log;
mod certificates;
mod change;
#[cfg(doctest)]
mod client_docs;
mod clock;
mod database;
mod desk;
mod disk;
mod dns_server;
mod erasing;
mod failing_disk;
mod ffi_host;
mod flow;
mod forward_proxy;
mod health;
mod holding;
mod http;
mod in_front;
pub mod ledger;
pub mod made_up;
mod mail;
pub mod mailbox;
mod merging;
pub mod names;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
mod randomness;
pub mod raw_call;
mod refusal;
mod regular;
mod replicas;
mod server;
pub mod sleeping;
mod smtp_peer;
mod stored;
mod support;
mod support_time;
mod test_database;
mod testing_server;
mod trace_collector;
mod webhook_receiver;
mod wire;
mod words;

pub use captured_log::Log;
pub use certificates::{Authority, Identity};
pub use change::{change, change_email};
pub use clock::FragileClock;
pub use database::{count, execute, rows, tables, text};
pub use desk::{Bearer, Desk, Told, desk_at};
pub use disk::{SmallDisk, may_mount};
pub use dns_server::{DnsServer, Zone};
pub use erasing::{erase, erase_request};
pub use failing_disk::{FailingDisk, Failure};
pub use ffi_host::{FfiHost, ffi_options};
pub use flow::{Member, PASSWORD, creation, machine, new_password, uuid};
pub use forward_proxy::{ForwardProxy, Manner};
pub use health::becomes;
pub use holding::{hold_account, until_waiting};
pub use http::{HttpAnswer, http_get, http_send};
pub use in_front::{BALANCER, Front, InFront};
pub use mail::{code_in, first_code};
pub use mailbox::Mailbox;
pub use merging::{merge, merge_request};
pub use randomness::SeededRandomness;
pub use refusal::{assert_refused, refused, violations};
pub use regular::Regular;
pub use replicas::{End, Replicas};
pub use server::{TestServer, TestServerOptions, start_time};
pub use smtp_peer::{Received, SmtpPeer, impatient, mailer};
pub use stored::{Stored, forget_networks, stored};
pub use support_time::{assert_adds_up, charge, correction, grant, ledger_of};
pub use test_database::{TestDatabase, is_postgres};
pub use testing_server::TestingProcess;
pub use trace_collector::Collector;
pub use webhook_receiver::{Answer, Delivery, Receiver, SECRET, signature};
pub use wire::{FrameKind, PREFACE, Wire, frame, headers, headers_with, message, reset, window};
pub use words::{assert_says, words};
