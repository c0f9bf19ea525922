//! What the service keeps, and the rules of each thing's life: an account, a
//! challenge, the link of a machine, a support key, a mail or an event that is queued, an entry of
//! the time ledger. `storage` reads and writes them; the use cases ask them. Nothing here knows of
//! a database, and nothing waits.

pub mod account;
pub mod account_alias;
pub mod calling_machine;
pub mod challenge;
pub mod compact_at;
pub mod event;
pub mod link;
pub mod mailed_code;
pub mod queued_mail;
pub mod support_key;
pub mod time_entry;
