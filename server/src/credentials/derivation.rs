//! Tickets and link tokens that a repeated call gets again, and the code that all copies of a
//! mail bring.
//!
//! An answer may be lost, and the same call with the same code or ticket must
//! then have the same outcome, though only digests are kept. So the token that
//! such a call gives out is derived from the secret that it was given: HMAC-SHA-256
//! keyed by the secret, over a random seed of 256 bits that the challenge holds. Once
//! the ten minutes are over the seed is erased; from then on the derived token is as
//! unrelated to anything stored as a random one.
//!
//! A code is derived from a key that only the process has which mails it ([`MailedCodeKey`]).

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::token::{Token, TokenKind};
use crate::{domain::personal_code::PersonalCode, randomness::Randomness};

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

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey([redacted])")
    }
}

/// The link token that a ticket gives in SetPassword.
#[must_use]
pub fn link_token_of_ticket(ticket: &Token, seed: &Seed) -> Token {
    derive(TokenKind::Link, ticket.reveal().as_bytes(), seed, b"link token of a ticket")
}

/// What the codes of mails are made from, and made again for another copy of the same mail: 256
/// random bits that a process makes when it starts, keeps in memory alone, and takes with it.
///
/// It must be neither the pepper nor anything that is stored: who reads the database, its backups
/// or the operator's files could then make the code of any mail.
#[derive(Clone)]
pub struct MailedCodeKey(Zeroizing<[u8; 32]>);

impl MailedCodeKey {
    /// Makes the key of a process.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(randomness.bytes()))
    }

    /// The code that every copy of a challenge's mail brings, which is sent by this process.
    #[must_use]
    pub fn code(&self, challenge_id: Uuid, seed: Option<&Seed>) -> PersonalCode {
        let seed = seed.map_or(&[][..], Seed::as_slice);
        let parts = [challenge_id.as_bytes().as_slice(), seed, b"code of a mail"];
        PersonalCode::from_random(&mac(self.0.as_slice(), parts))
    }
}

impl fmt::Debug for MailedCodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailedCodeKey([redacted])")
    }
}

fn derive(kind: TokenKind, key: &[u8], seed: &Seed, purpose: &[u8]) -> Token {
    Token::from_bits(kind, &mac(key, [seed, purpose]))
}

fn mac<const N: usize>(key: &[u8], parts: [&[u8]; N]) -> Zeroizing<[u8; 32]> {
    // HMAC takes a key of any length; SHA-256 of it is what it does with a long one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}
