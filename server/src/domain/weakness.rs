//! What makes a password too weak to be set. Apart from `strength`, which finds it, so
//! that a violation can name it.

/// Why a password is too weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Its length and alphabets give under 50 bits.
    Simple,
    /// Its zxcvbn score is under 3.
    Guessable(Guess),
}

/// What makes a password easy to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// A row of keys.
    Keyboard,
    /// Repeated characters.
    Repeat,
    /// A sequence such as `abc`.
    Sequence,
    /// A date or a year.
    Date,
    /// A common password.
    Common,
    /// A word or a name.
    Word,
    /// Something that the account says about its owner.
    Personal,
    /// Anything else.
    Other,
}
