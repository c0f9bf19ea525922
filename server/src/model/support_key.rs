//! The API key of a support agent.

use jiff::Timestamp;

/// The API key of a support agent.
#[derive(Clone, Debug)]
pub struct SupportKey {
    /// Its number, by which it is revoked.
    pub id: i32,
    /// Whose it is.
    pub name: String,
    /// When it was made.
    pub create_time: Timestamp,
    /// Since when it is dead.
    pub revoke_time: Option<Timestamp>,
}
