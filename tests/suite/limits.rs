//! The limits on calls, mails and attempts, and the address that they are counted by.

mod call_buckets;
mod clock_jumps;
mod crowded_addresses;
mod networks;
mod proxies;
mod shared_connection;
mod siege;
mod throttled_calls;
mod throttled_mails;
mod throttled_passwords;
mod tried_secrets;
