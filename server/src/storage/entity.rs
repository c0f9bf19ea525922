//! The tables as SeaORM has them. Private to `storage`: everybody else sees
//! domain types.

pub(super) mod account;
pub(super) mod account_alias;
pub(super) mod account_word;
pub(super) mod audit_event;
pub(super) mod challenge;
pub(super) mod copy_progress;
pub(super) mod erased_account;
pub(super) mod event_outbox;
pub(super) mod heartbeat;
pub(super) mod idempotency_key;
pub(super) mod link;
pub(super) mod maintenance;
pub(super) mod outbox_mail;
pub(super) mod personal_code;
pub(super) mod support_key;
pub(super) mod throttle;
pub(super) mod time_entry;
pub(super) mod time_entry_note;
