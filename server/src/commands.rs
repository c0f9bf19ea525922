//! What an operator can have the program do: each command with the settings that it
//! reads. All but [`Serve`] do their work, say what came of it, and end.

mod account;
mod audit;
mod backup;
mod check_ledger;
mod compact;
mod config;
mod copy;
mod doctor;
mod migrate;
mod outbox;
mod purge;
mod restore;
mod serve;
mod support_key;
mod webhook;

pub use account::Account;
pub use audit::Audit;
pub use backup::Backup;
pub use check_ledger::CheckLedger;
pub use compact::Compact;
pub use config::Config;
pub use copy::Copy;
pub use doctor::Doctor;
pub use migrate::Migrate;
pub use outbox::Outbox;
pub use purge::Purge;
pub use restore::Restore;
pub use serve::Serve;
pub use support_key::SupportKey;
pub use webhook::Webhook;
