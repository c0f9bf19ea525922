//! The limits on calls, mails and attempts, and the address that they are counted by.

mod call_buckets;
mod networks;
mod proxies;
mod shared_connection;
mod throttled_calls;
mod throttled_mails;
mod throttled_passwords;
