//! The support desk: its keys, its calls, and what these leave.

mod cancel_email_change;
mod diagnosis;
mod erase_account;
mod erased_ledger;
mod erased_traces;
mod erasure_races;
mod export_account;
mod find_accounts;
mod get_account;
mod keys;
mod list_events;
mod list_refused_recipients;
mod merge_accounts;
mod merge_races;
mod merge_refusals;
mod merged_ids;
mod permissions;
mod send_code;
mod start_email_change;
mod time_ledger;
mod unlink_machine;
