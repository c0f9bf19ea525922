//! The personal code ("code personnel"): the one-time secret of a mail.

use std::fmt;

use zeroize::Zeroizing;

use super::{
    base32, paste,
    violation::{Expected, Problem},
};
use crate::randomness::Randomness;

/// Random characters of a code: 11 × 5 = 55 bits.
const RANDOM_CHARS: usize = 11;

/// Weights of the characters, the check character last: the powers 11 to 0 of
/// the generator of GF(32). They are distinct and none is zero, so one wrong
/// character changes the sum, and so does any swap of two neighbours.
const WEIGHTS: [u8; RANDOM_CHARS + 1] = weights();

/// A well-formed personal code: 11 random characters of Crockford base32 and a
/// check character. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalCode(Zeroizing<[u8; RANDOM_CHARS + 1]>);

impl PersonalCode {
    /// The longest text that is looked at for a code, in characters that are not invisible.
    pub const MAX_TEXT_CHARS: usize = 64;

    /// Makes a fresh code.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self::from_random(&Zeroizing::new(randomness.bytes()))
    }

    /// The code of these random bytes, of which it takes the first eleven, five bits each.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        let mut symbols = Zeroizing::new([0; RANDOM_CHARS + 1]);
        let mut sum = 0;
        for ((byte, weight), symbol) in
            random.iter().take(RANDOM_CHARS).zip(WEIGHTS).zip(symbols.iter_mut())
        {
            let value = byte & 31;
            sum ^= multiply(value, weight);
            *symbol = base32::symbol(value);
        }
        // The check character has weight 1 and brings the sum to zero.
        symbols[RANDOM_CHARS] = base32::symbol(sum);
        Self(symbols)
    }

    /// Reads a code as typed: case, spaces, dashes and what is invisible are ignored.
    ///
    /// # Errors
    /// [`Problem::Required`] when empty; [`Problem::Malformed`] when it has not
    /// twelve characters of the alphabet; [`Problem::CodeMistyped`] when the
    /// check character does not fit.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let typed = || text.chars().filter(|character| !paste::is_invisible(*character));
        if typed().all(paste::is_space) {
            return Err(Problem::Required);
        }
        let malformed = Problem::Malformed(Expected::PersonalCode);
        if typed().nth(Self::MAX_TEXT_CHARS).is_some() {
            return Err(malformed);
        }
        let mut symbols = Zeroizing::new([0; RANDOM_CHARS + 1]);
        let (mut length, mut sum) = (0, 0);
        for character in typed().filter(|character| !is_separator(*character)) {
            let value = u8::try_from(character).ok().and_then(base32::value);
            let (Some(value), Some(weight)) = (value, WEIGHTS.get(length)) else {
                return Err(malformed);
            };
            sum ^= multiply(value, *weight);
            symbols[length] = base32::symbol(value);
            length += 1;
        }
        if length != symbols.len() {
            return Err(malformed);
        }
        if sum != 0 {
            return Err(Problem::CodeMistyped);
        }
        Ok(Self(symbols))
    }

    /// Whether a text is written as a mail shows a code, `XXXX-XXXX-XXXX`: whoever writes
    /// three times four letters or digits with dashes between them means a code, also with
    /// one that no code has.
    #[must_use]
    pub fn is_written_like(text: &str) -> bool {
        let compact = Zeroizing::new(paste::compact(text));
        let mut groups = compact.split('-');
        let is_group = |group: &str| {
            group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        groups.clone().count() == 3 && groups.all(is_group)
    }

    /// The twelve characters, which is what is hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The code as a mail shows it: `XXXX-XXXX-XXXX`.
    #[must_use]
    pub fn display(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(14));
        for (position, symbol) in self.0.iter().enumerate() {
            if position > 0 && position % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(*symbol));
        }
        text
    }
}

impl fmt::Debug for PersonalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalCode([redacted])")
    }
}

/// Spaces and every dash that an editor may have made of one.
fn is_separator(character: char) -> bool {
    paste::is_space(character) || paste::is_dash(character)
}

/// Product in GF(32), the polynomials over GF(2) modulo x⁵ + x² + 1.
const fn multiply(mut left: u8, mut right: u8) -> u8 {
    let mut product = 0;
    while right != 0 {
        if right & 1 == 1 {
            product ^= left;
        }
        left <<= 1;
        if left & 32 != 0 {
            left ^= 0b10_0101;
        }
        right >>= 1;
    }
    product
}

const fn weights() -> [u8; RANDOM_CHARS + 1] {
    let mut weights = [1; RANDOM_CHARS + 1];
    let mut position = RANDOM_CHARS;
    while position > 0 {
        weights[position - 1] = multiply(weights[position], 2);
        position -= 1;
    }
    weights
}
