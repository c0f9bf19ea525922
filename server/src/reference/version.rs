//! The name of what an answer was taken from: while it is the same, so are the answers.

use sha2::{Digest as _, Sha256};

use crate::domain::base32;

/// Of 160 bits' worth of symbols these are 80: enough that two lists never share a name.
const CHARS: usize = 16;

/// The version of what these parts make up.
pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut text = base32::encode(&digest.finalize());
    text.truncate(CHARS);
    text
}
