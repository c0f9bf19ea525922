//! What an agent looks for: whatever the caller on the telephone says.

use std::{collections::HashSet, fmt, sync::LazyLock};

use unicode_normalization::UnicodeNormalization as _;

use super::{cut, words};
use crate::domain::{
    account_id::AccountId,
    country::Country,
    email_address::EmailAddress,
    paste,
    phone::Phone,
    text::Line,
    violation::{Expected, Problem},
};

/// Words that many companies have: legal forms, articles, forms of address.
static WEAK: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../../data/weak_words.txt").lines().collect());

/// Fewer digits than these are a word like others: a postal code's beginning, or a number in
/// a name.
const DIGITS_OF_A_NUMBER: usize = 4;

/// What may stand around an address that was copied from a mail.
const AROUND_ADDRESSES: [char; 11] = ['<', '>', ',', ';', ':', '(', ')', '"', '\'', '«', '»'];

/// A query, taken apart. `Debug` shows nothing of it: it tells of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    text: String,
    words: Vec<Word>,
    email: Option<EmailAddress>,
    phone: Option<String>,
}

/// A word of a query: the beginning of a word of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    /// Its letters and digits.
    pub text: String,
    /// Whether so many accounts have it that it may be missing in the one that is meant.
    pub is_weak: bool,
}

impl Query {
    /// The longest query, in characters.
    pub const MAX_CHARS: usize = 200;

    /// How many words are looked for at most. Weak ones are the first to be left out.
    pub const MAX_WORDS: usize = 8;

    /// Takes a query apart.
    ///
    /// # Errors
    /// [`Problem::Required`], [`Problem::TooLong`], [`Problem::ControlCharacter`], or
    /// [`Problem::Malformed`] when it has neither letter nor digit.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let line = Line::<{ Self::MAX_CHARS }>::parse(&paste::visible(text))?;
        let text = line.as_str();
        if text.is_empty() {
            return Err(Problem::Required);
        }
        let words = words_of(text);
        if words.is_empty() {
            return Err(Problem::Malformed(Expected::LetterOrDigit));
        }
        Ok(Self { words, email: email(text), phone: phone(text), text: text.to_owned() })
    }

    /// What it was parsed from, without what nobody sees: two queries of the same text are
    /// the same.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words that an account must have; never none.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The client ID that it may be: digits, perhaps in groups.
    #[must_use]
    pub fn account_id(&self) -> Option<AccountId> {
        let is_between = |character: char| character == ' ' || character == '.';
        if !self.text.chars().all(|character| character.is_ascii_digit() || is_between(character)) {
            return None;
        }
        AccountId::parse(self.text.replace(is_between, "").parse().ok()?)
    }

    /// The address that it may be.
    #[must_use]
    pub fn email(&self) -> Option<&EmailAddress> {
        self.email.as_ref()
    }

    /// The telephone number that it may be, in E.164.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("words", &self.words.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Word").field("is_weak", &self.is_weak).finish_non_exhaustive()
    }
}

/// Whether so many companies have a word that it tells none from the others.
#[must_use]
pub fn is_weak(word: &str) -> bool {
    WEAK.contains(word)
}

/// The address in a text: all of it, or the only word with an `@`.
fn email(text: &str) -> Option<EmailAddress> {
    let mut typed = text.split(' ').filter(|word| word.contains('@'));
    let (first, second) = (typed.next()?, typed.next());
    let alone =
        Some(first).filter(|_| second.is_none()).map(|word| word.trim_matches(AROUND_ADDRESSES));
    let whole = EmailAddress::parse(text).ok();
    whole.or_else(|| EmailAddress::parse(alone?).ok())
}

fn phone(text: &str) -> Option<String> {
    let dialled = Phone::parse(text, Country::FRANCE).ok();
    let dialled = dialled.and_then(|phone| phone.e164().map(str::to_owned));
    // A number that was stored by other plans of numbers than today's.
    dialled.or_else(|| text.starts_with('+').then(|| number(text)).flatten())
}

/// The words of a query, each once, without those that begin another one: whatever has that
/// one has them.
fn words_of(text: &str) -> Vec<Word> {
    let mut texts: Vec<String> = match number(text) {
        Some(number) => vec![number],
        None => text.split(' ').flat_map(words_of_part).collect(),
    };
    let all = texts.clone();
    let mut place = 0..;
    texts.retain(|word| {
        let own = place.next().unwrap_or(usize::MAX);
        !all.iter().enumerate().any(|(other, longer)| {
            longer.starts_with(&**word) && (longer.len() > word.len() || other < own)
        })
    });
    let mut words: Vec<Word> =
        texts.into_iter().map(|text| Word { is_weak: is_weak(&text), text }).collect();
    if words.len() > Query::MAX_WORDS {
        words.sort_by_key(|word| word.is_weak);
        words.truncate(Query::MAX_WORDS);
    }
    words
}

/// An address or a part of one is one word; of everything else the words are looked for.
fn words_of_part(part: &str) -> Vec<String> {
    let part = part.trim_matches(AROUND_ADDRESSES);
    if !part.contains('@') {
        return words(part);
    }
    if !part.contains(char::is_alphanumeric) {
        return Vec::new();
    }
    let (local, domain) = part.rsplit_once('@').unwrap_or((part, ""));
    let ascii = idna::domain_to_ascii(domain).ok().filter(|ascii| !ascii.is_empty());
    let domain = ascii.unwrap_or_else(|| domain.to_lowercase());
    vec![cut(&format!("{}@{domain}", local.to_lowercase())).to_owned()]
}

/// The digits of a text without letters, as one number: with its `+`, if it begins as
/// numbers do that are dialled from abroad.
fn number(text: &str) -> Option<String> {
    // (0) is not dialled from abroad.
    let text: String = text.nfkd().collect::<String>().replace("(0)", "");
    if text.contains(|character: char| character.is_alphabetic() || character == '@') {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < DIGITS_OF_A_NUMBER {
        return None;
    }
    let abroad = if text.starts_with('+') { Some(&*digits) } else { digits.strip_prefix("00") };
    let number = abroad.map_or_else(|| digits.clone(), |rest| format!("+{rest}"));
    Some(cut(&number).to_owned())
}
