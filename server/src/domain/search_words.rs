//! The words by which an account is found: what is written of an account, and what is looked
//! for. One normal form serves both, so that case, accents, apostrophes and hyphens make no
//! difference between what a customer typed and what an agent hears.
//!
//! Words that are stored are made anew when this changes: such a release ships with a
//! migration that sets `account.search_version` to NULL.

mod normal_form;
mod of_account;
mod query;

pub use normal_form::words;
pub use of_account::of_account;
pub use query::{Query, Word, is_weak};

/// The longest word, in bytes. What a word has beyond is not looked at, neither in an account
/// nor in a query.
pub const MAX_WORD_BYTES: usize = 64;

/// How many words an account has at most.
pub const MAX_WORDS: usize = 48;

/// `word`, without what it has beyond the longest word.
fn cut(word: &str) -> &str {
    let end = (0..=MAX_WORD_BYTES.min(word.len())).rev().find(|end| word.is_char_boundary(*end));
    &word[..end.unwrap_or(0)]
}
