//! The bearer token of a linked machine, as a type that cannot be printed by
//! accident.

use std::fmt;

use tonic::metadata::{Ascii, MetadataValue};

use crate::error::Error;

/// A link token, which proves that this machine is linked to an account.
///
/// It is a secret: keep it where only the machine's user can read it. A support
/// key is sent in the same way and can be held in the same type.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(String);

impl LinkToken {
    /// Takes the `link_token` of a response, or what [`reveal`](Self::reveal)
    /// gave before.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOptions`] when the text is empty or holds anything but
    /// visible ASCII, so that it cannot have come from the service.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidOptions("the link token is not one of the service's".into()));
        }
        Ok(Self(text))
    }

    /// The secret itself, to be stored.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The value of the `authorization` metadata, which neither a log nor the
    /// HTTP/2 header table may hold.
    pub(crate) fn to_authorization(&self) -> Option<MetadataValue<Ascii>> {
        // Visible ASCII always fits, so this is never None.
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", self.0).parse().ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::LinkToken;

    #[test]
    fn debug_tells_neither_the_token_nor_the_metadata() {
        let token = LinkToken::parse("s3cr3t").unwrap();
        let value = token.to_authorization().unwrap();
        assert_eq!(value.to_str().unwrap(), "Bearer s3cr3t");
        assert!(!format!("{token:?} {value:?}").contains("s3cr3t"));
    }

    #[test]
    fn parse_refuses_what_no_header_can_carry() {
        for text in ["", "a b", "a\r\nx: y", "é"] {
            assert!(LinkToken::parse(text).is_err(), "{text:?}");
        }
    }
}
