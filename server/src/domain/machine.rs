//! One Gestan installation.

use uuid::Uuid;

use super::{
    paste,
    text::Line,
    violation::{Expected, Problem},
};

/// The UUID that a machine makes once and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MachineId(Uuid);

impl MachineId {
    /// Stands for the support desk where a machine's ID is asked for: no machine has it, since
    /// a UUID of this version is made by nobody.
    pub const SUPPORT: Self = Self(Uuid::from_u128(0x0000_0000_0000_f000_8000_0000_0000_0001));

    /// Reads a UUID (RFC 9562, 36 characters with dashes).
    ///
    /// # Errors
    /// [`Problem::Required`] or [`Problem::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        parse_uuid(text).map(Self)
    }

    /// The UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// What the database holds.
    #[must_use]
    pub(crate) fn from_db(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

/// A machine's display name. Invariant: not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineName(Line<{ MachineName::MAX_CHARS }>);

impl MachineName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Checks a name.
    ///
    /// # Errors
    /// [`Problem::Required`], or what [`Line::parse`] finds.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let line = Line::parse(text)?;
        if line.as_str().is_empty() { Err(Problem::Required) } else { Ok(Self(line)) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(text: String) -> Self {
        Self(Line::from_db(text))
    }
}

/// A machine as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its ID.
    pub id: MachineId,
    /// Its name.
    pub name: MachineName,
}

/// Reads a UUID in its standard form, however it was pasted; the nil UUID counts as missing.
///
/// # Errors
/// [`Problem::Required`] or [`Problem::Malformed`].
pub fn parse_uuid(text: &str) -> Result<Uuid, Problem> {
    let text = paste::compact(text);
    if text.is_empty() {
        return Err(Problem::Required);
    }
    if text.len() != 36 {
        return Err(Problem::Malformed(Expected::Uuid));
    }
    match Uuid::try_parse(&text) {
        Ok(uuid) if !uuid.is_nil() => Ok(uuid),
        _ => Err(Problem::Malformed(Expected::Uuid)),
    }
}
