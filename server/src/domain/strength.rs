//! Judges how strong a password is that somebody wants to set. It takes up to 30 ms,
//! and so runs on the hashing threads only.

use zxcvbn::{Entropy, feedback::Warning, matching::patterns::MatchPattern, zxcvbn};

use super::{
    password::Password,
    weakness::{Guess, Weakness},
};

/// The least entropy that length and alphabets must give, in bits: what CNIL
/// deliberation 2022-100 asks of a password whose tries are limited.
const MIN_BITS: f64 = 50.0;

/// The least score of zxcvbn, of 0 to 4.
const MIN_SCORE: u8 = 3;

/// How many letters and digits must be left without personal words.
const MIN_OWN_CHARS: usize = 6;

/// How much of a password zxcvbn reads, in characters: its time grows fast.
const READ_CHARS: usize = 100;

/// In how many ways zxcvbn may read a text whose digits and signs may stand for
/// letters. It goes through all of them, and a text may be made to have hundreds.
const MAX_READINGS: usize = 16;

/// Which digits and signs zxcvbn takes for which letter.
const SUBSTITUTES: [&str; 12] =
    ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// What zxcvbn, which knows no French, takes for common words beside its own.
const FRENCH: &str = include_str!("../../data/common_words.txt");

/// Judges `password`. `personal` is what the account tells of its owner:
/// address, names, company.
///
/// # Errors
/// A [`Weakness`].
pub fn judge(password: &Password, personal: &[&str]) -> Result<(), Weakness> {
    if bits(password.reveal()) < MIN_BITS {
        return Err(Weakness::Simple);
    }
    let read = read_part(password.reveal());
    // Personal words come first: zxcvbn ranks what it is given by its order.
    let words = personal.iter().flat_map(|text| words(text)).collect::<Vec<_>>();
    if is_personal(password.reveal(), &words) {
        return Err(Weakness::Guessable(Guess::Personal));
    }
    let inputs: Vec<&str> = words.iter().map(String::as_str).chain(FRENCH.lines()).collect();
    let entropy = zxcvbn(read, &inputs);
    if u8::from(entropy.score()) >= MIN_SCORE {
        return Ok(());
    }
    Err(Weakness::Guessable(reason(&entropy, &words)))
}

/// How much of a password is looked at for guessing: its beginning, as far as
/// that takes no long time. A password that is strong for its rest is judged too
/// strictly.
#[must_use]
pub fn read_part(password: &str) -> &str {
    let end = |(place, _)| place;
    let longest = password.char_indices().nth(READ_CHARS).map_or(password.len(), end);
    let too_many = password.char_indices().find(|(place, character)| {
        readings(&password[..place + character.len_utf8()]) > MAX_READINGS
    });
    &password[..too_many.map_or(password.len(), end).min(longest)]
}

fn readings(text: &str) -> usize {
    let present = |signs: &&str| signs.chars().filter(|sign| text.contains(*sign)).count().max(1);
    SUBSTITUTES.iter().map(present).product()
}

/// Whether hardly anything is left of a password without the words that the
/// account tells of its owner. zxcvbn counts how many words there are, not
/// whose: it takes `lemaitre-cave-dupont` for strong.
fn is_personal(password: &str, personal: &[String]) -> bool {
    let mut rest = zeroize::Zeroizing::new(password.to_lowercase());
    let mut longest_first: Vec<&str> = personal.iter().map(String::as_str).collect();
    longest_first.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let whole = rest.len();
    for word in longest_first {
        *rest = rest.replace(word, " ");
    }
    let left = rest.chars().filter(|character| character.is_alphanumeric()).count();
    rest.len() < whole && left < MIN_OWN_CHARS
}

/// The text itself and its parts of three characters and more, in lower case.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let parts = text.split(|character: char| !character.is_alphanumeric()).map(str::to_owned);
    parts.chain([text.clone()]).filter(|part| part.chars().count() >= 3).collect()
}

fn reason(entropy: &Entropy, personal: &[String]) -> Guess {
    if matches_word(entropy, |word| personal.iter().any(|personal| personal == word)) {
        return Guess::Personal;
    }
    match entropy.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
        Some(
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess,
        ) => Guess::Keyboard,
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess
            | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => Guess::Repeat,
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => Guess::Sequence,
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => Guess::Date,
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => Guess::Common,
        Some(
            Warning::AWordByItselfIsEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => Guess::Word,
        // It has no words about words that it was given.
        None if matches_word(entropy, |word| FRENCH.lines().any(|french| french == word)) => {
            Guess::Common
        }
        None => Guess::Other,
    }
}

/// Whether a part of the password is a word that `is_meant`.
fn matches_word(entropy: &Entropy, is_meant: impl Fn(&str) -> bool) -> bool {
    entropy.sequence().iter().any(|part| {
        matches!(&part.pattern, MatchPattern::Dictionary(word)
            if is_meant(&word.matched_word.to_lowercase()))
    })
}

/// The alphabets that a password may draw on, with their sizes in characters.
const ALPHABETS: [Alphabet; 5] = [
    (|character| character.is_ascii_lowercase(), 26.0),
    (|character| character.is_ascii_uppercase(), 26.0),
    (|character| character.is_ascii_digit(), 10.0),
    (|character| character.is_ascii() && !character.is_ascii_alphanumeric(), 33.0),
    (|character| !character.is_ascii(), 64.0),
];

type Alphabet = (fn(char) -> bool, f64);

/// Length × log2(size of the alphabets drawn on).
fn bits(password: &str) -> f64 {
    let drawn_on = ALPHABETS.iter().filter(|(holds, _)| password.chars().any(holds));
    let size: f64 = drawn_on.map(|(_, size)| size).sum();
    let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    f64::from(length) * size.max(1.0).log2()
}
