//! The API key of a support agent.

use std::fmt;

use jiff::Timestamp;

use crate::domain::role::Role;

/// The API key of a support agent. `Debug` does not show whose it is.
#[derive(Clone)]
pub struct SupportKey {
    /// Its number, by which it is revoked.
    pub id: i32,
    /// Its first characters, by which one that was found somewhere is told from others;
    /// empty when it was made before these were kept.
    pub hint: String,
    /// Whose it is.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub create_time: Timestamp,
    /// Until when it serves; none when it has no end.
    pub expire_time: Option<Timestamp>,
    /// When it was last used, to within a minute.
    pub last_use_time: Option<Timestamp>,
    /// Since when it is dead.
    pub revoke_time: Option<Timestamp>,
}

/// Whether a key serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Alive,
    /// Its time is over.
    Expired,
    /// Somebody has ended it.
    Revoked,
}

impl SupportKey {
    /// Whether it serves.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoke_time.is_some() {
            KeyState::Revoked
        } else if self.expire_time.is_some_and(|time| time <= now) {
            KeyState::Expired
        } else {
            KeyState::Alive
        }
    }
}

impl fmt::Debug for SupportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupportKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alive => "alive",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        })
    }
}
