//! Tokens of 256 random bits. They are digested with plain SHA-256: a secret that
//! cannot be guessed needs no slow hash.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{domain::base32, randomness::Randomness};

/// Characters of the random part: 256 bits, five each.
const BODY_CHARS: usize = 52;
/// Characters of the checksum: a CRC-32, five bits each.
const CHECK_CHARS: usize = 7;

/// Characters of the hint.
const HINT_CHARS: usize = 4;

/// What a token is for. Its prefix lets scanners and people recognise it where
/// it should not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Proves the link of a machine.
    Link,
    /// Proves a confirmed challenge.
    Ticket,
    /// Proves a support agent.
    SupportKey,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Link => "gestan_link_",
            Self::Ticket => "gestan_ticket_",
            Self::SupportKey => "gestan_support_",
        }
    }
}

/// A token: prefix, 256 bits and a checksum, so that a truncated one is told
/// from a revoked one without a look into the database. `Debug` hides it.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    text: Zeroizing<String>,
}

impl Token {
    /// Makes a fresh token.
    #[must_use]
    pub fn generate(kind: TokenKind, randomness: &dyn Randomness) -> Self {
        Self::from_bits(kind, &Zeroizing::new(randomness.bytes()))
    }

    /// The token of these 256 bits.
    #[must_use]
    pub fn from_bits(kind: TokenKind, bits: &[u8; 32]) -> Self {
        let body = Zeroizing::new(base32::encode(bits).to_ascii_lowercase());
        let mut text = Zeroizing::new(String::with_capacity(80));
        text.push_str(kind.prefix());
        text.push_str(&body);
        let check = checksum(&text);
        text.push_str(&check);
        Self { kind, text }
    }

    /// Reads a token; `None` when it is none of this kind or is damaged.
    #[must_use]
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let body = text.strip_prefix(kind.prefix())?;
        if body.len() != BODY_CHARS + CHECK_CHARS || !body.is_ascii() {
            return None;
        }
        let (signed, check) = text.split_at(kind.prefix().len() + BODY_CHARS);
        (checksum(signed) == check).then(|| Self { kind, text: Zeroizing::new(text.to_owned()) })
    }

    /// The text, to be given to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The first characters behind the prefix: 20 of 256 bits, by which one that was found
    /// somewhere is told from others.
    #[must_use]
    pub fn hint(&self) -> &str {
        let body = self.text.strip_prefix(self.kind.prefix()).unwrap_or_default();
        body.get(..HINT_CHARS).unwrap_or_default()
    }

    /// What is kept of the token.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[redacted]", self.kind.prefix())
    }
}

/// SHA-256 of a token. Comparison takes the same time for any two digests.
#[derive(Clone, Copy, Debug)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The bytes, to be stored or looked up.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to count calls by.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Whether this is the digest that was stored.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.ct_eq(stored).into()
    }
}

fn checksum(text: &str) -> String {
    base32::encode(&crc32fast::hash(text.as_bytes()).to_be_bytes()).to_ascii_lowercase()
}
