//! What a support key may do, by the work that its holder has.

use std::{fmt, str::FromStr};

/// The role of a support key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Reads accounts.
    #[default]
    Reader,
    /// Reads accounts, and helps whoever calls.
    Agent,
    /// Reads accounts, and sells time.
    Billing,
    /// Does whatever the desk can do.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Agent, Self::Billing, Self::Admin];

    /// Its name, on the command line, in the database and in refusals.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Agent => "agent",
            Self::Billing => "billing",
            Self::Admin => "admin",
        }
    }

    /// What the database holds. A role that only a later release knows is the least one
    /// here: a server of this release must not grant what it does not understand.
    #[must_use]
    pub(crate) fn from_db(name: &str) -> Self {
        name.parse().unwrap_or_default()
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|role| role.name() == text);
        named.ok_or_else(|| format!("“{text}” is no role: reader, agent, billing or admin"))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
