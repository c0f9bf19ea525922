//! What a new password is worth, told before it is sent. The service, which knows more words,
//! judges again.

use zxcvbn::zxcvbn;

/// How short a new password may be, in characters, and what zxcvbn must give it of 4, as the
/// service asks.
const MIN_CHARS: usize = 10;
const MIN_SCORE: u8 = 3;

/// zxcvbn takes long for a long text, and the service reads no more either.
const READ_CHARS: usize = 100;

/// What is plain to see of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Fewer characters than the service takes.
    TooShort,
    /// What anybody guesses.
    TooWeak,
    /// Good enough, as far as is known here; the number is from 3 to 4.
    Good(u8),
}

/// Judges a new password; `known` is what a guesser knows of the person.
#[must_use]
pub fn strength(password: &str, known: &[&str]) -> Strength {
    if password.chars().count() < MIN_CHARS {
        return Strength::TooShort;
    }
    let read: String = password.chars().take(READ_CHARS).collect();
    let score = u8::from(zxcvbn(&read, known).score());
    if score < MIN_SCORE { Strength::TooWeak } else { Strength::Good(score) }
}
