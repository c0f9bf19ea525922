//! Tickets and link tokens that a repeated call gets again.
//!
//! An answer may be lost, and the same call with the same code or ticket must
//! then have the same outcome, though only digests are kept. So the token that
//! such a call gives out is derived from the secret that it was given: HMAC-SHA-256
//! keyed by the secret, over a random seed of 256 bits that the challenge holds. Once
//! the ten minutes are over the seed is erased; from then on the derived token is as
//! unrelated to anything stored as a random one.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::token::{Token, TokenKind};

/// The 256 random bits of a challenge.
pub type Seed = [u8; 32];

/// The half of a code's Argon2id output that is never stored: knowing it costs
/// the code itself.
#[derive(Clone)]
pub struct CodeKey(Zeroizing<[u8; 32]>);

impl CodeKey {
    /// Takes the unstored half.
    #[must_use]
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The ticket that this code gives.
    #[must_use]
    pub fn ticket(&self, seed: &Seed) -> Token {
        derive(TokenKind::Ticket, self.0.as_slice(), seed, b"ticket of a code")
    }

    /// The link token that this code gives in RegisterExisting.
    #[must_use]
    pub fn link_token(&self, seed: &Seed) -> Token {
        derive(TokenKind::Link, self.0.as_slice(), seed, b"link token of a code")
    }
}

impl std::fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeKey([redacted])")
    }
}

/// The link token that a ticket gives in SetPassword.
#[must_use]
pub fn link_token_of_ticket(ticket: &Token, seed: &Seed) -> Token {
    derive(TokenKind::Link, ticket.reveal().as_bytes(), seed, b"link token of a ticket")
}

fn derive(kind: TokenKind, key: &[u8], seed: &Seed, purpose: &[u8]) -> Token {
    // HMAC takes a key of any length; SHA-256 of it is what it does with a long one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(seed);
    mac.update(purpose);
    let bits: Zeroizing<[u8; 32]> = Zeroizing::new(mac.finalize().into_bytes().into());
    Token::from_bits(kind, &bits)
}
