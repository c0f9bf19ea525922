//! Where the next page of a list begins, as a caller hands it back: a text that tells
//! nothing which the page before did not, permits nothing, and serves only with the query
//! that it was made for.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::violation::Problem;

/// The form of the text. Another form gets another number, and no server takes the one for
/// the other.
const VERSION: u8 = 1;

/// Bytes of the query's digest: enough that no token is taken for another query's by mistake.
const DIGEST_BYTES: usize = 8;

/// The longest token that is looked at, in characters.
pub const MAX_CHARS: usize = 512;

/// The fields of a request that must be the same on every page.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The list.
    pub rpc: &'a str,
    /// The values of the fields.
    pub fields: &'a [&'a [u8]],
}

impl Query<'_> {
    /// The token of a position.
    #[must_use]
    pub fn token(&self, position: &[u8]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&[VERSION], &self.digest()[..], position].concat())
    }

    /// The position of a token; none for the first page, which is asked for without one.
    ///
    /// # Errors
    /// [`Problem::TooLong`], or [`Problem::OtherPage`] when it is no token of this query.
    pub fn position(&self, token: &str) -> Result<Option<Vec<u8>>, Problem> {
        let token = token.trim();
        if token.is_empty() {
            return Ok(None);
        }
        if token.len() > MAX_CHARS {
            return Err(Problem::TooLong { max: MAX_CHARS });
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| Problem::OtherPage)?;
        let position = bytes.strip_prefix(&[VERSION]);
        let position = position.and_then(|rest| rest.strip_prefix(&self.digest()));
        position.map(|position| Some(position.to_vec())).ok_or(Problem::OtherPage)
    }

    fn digest(&self) -> [u8; DIGEST_BYTES] {
        let mut digest = Sha256::new();
        for part in [self.rpc.as_bytes()].iter().chain(self.fields) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let mut short = [0; DIGEST_BYTES];
        short.copy_from_slice(&digest[..DIGEST_BYTES]);
        short
    }
}
