//! What the service takes and refuses of what callers and operators write.

mod bounds;
mod fields;
mod parsers;
mod paste;
mod random;
mod search_words;
mod wording;
