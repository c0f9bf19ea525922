//! What comes along when people paste: one rule for every text that is typed or pasted.
//!
//! A mail program, a spreadsheet or a web page leaves characters in a text that nobody
//! sees, and other dashes and spaces than those of the keyboard. Where a text is a code,
//! a number or an address, they mean nothing ([`visible`], [`compact`]); in a name they
//! would stay, so that two names look alike and are not: they are refused
//! ([`holds_invisible`]). The properties are Unicode's own, so that no list here grows old.

use icu_properties::props::{
    BinaryProperty as _, CanonicalCombiningClass, Dash, DefaultIgnorableCodePoint, Emoji,
    EmojiModifier, EnumeratedProperty as _, ExtendedPictographic, GeneralCategory, JoiningType,
    Script, VariationSelector, WhiteSpace,
};

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';
/// A braille cell without a dot: a symbol by its category, and yet there is nothing to see.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether nobody sees `character`, wherever it stands: it is ignored by default, or it
/// is a format character (Cf). Spaces are seen.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    !character.is_ascii()
        && (DefaultIgnorableCodePoint::for_char(character)
            || GeneralCategory::for_char(character) == GeneralCategory::Format)
}

/// Whether `character` is a space, also one that does not break, or the end of a line.
#[must_use]
pub fn is_space(character: char) -> bool {
    WhiteSpace::for_char(character)
}

/// Whether `character` is a space that the keyboard's space bar does not make (Zs but
/// U+0020): the non-ASCII spaces of RFC 8265.
#[must_use]
pub fn is_other_space(character: char) -> bool {
    character != ' ' && GeneralCategory::for_char(character) == GeneralCategory::SpaceSeparator
}

/// Whether `character` is a dash of any kind.
#[must_use]
pub fn is_dash(character: char) -> bool {
    Dash::for_char(character)
}

/// `text` without what nobody sees, each of its spaces a plain one.
#[must_use]
pub fn visible(text: &str) -> String {
    let seen = text.char_indices().filter(|(place, character)| {
        !is_invisible(*character) || is_needed(text, *place, *character)
    });
    seen.map(|(_, character)| if is_space(character) { ' ' } else { character }).collect()
}

/// `text` without what nobody sees and without spaces, each of its dashes a plain one.
#[must_use]
pub fn compact(text: &str) -> String {
    let seen = text.chars().filter(|character| !is_invisible(*character) && !is_space(*character));
    seen.map(|character| if is_dash(character) { '-' } else { character }).collect()
}

/// Whether `text` holds a character that nobody sees, and that the writing does not need.
#[must_use]
pub fn holds_invisible(text: &str) -> bool {
    text.char_indices()
        .any(|(place, character)| is_invisible(character) && !is_needed(text, place, character))
}

/// Whether there is something to see in `text`. Marks are seen on other characters only.
#[must_use]
pub fn holds_visible(text: &str) -> bool {
    text.chars().any(|character| {
        let category = GeneralCategory::for_char(character);
        let is_mark =
            matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        !is_mark
            && !is_space(character)
            && !is_invisible(character)
            && !character.is_control()
            && character != BRAILLE_BLANK
    })
}

/// Whether an invisible character changes what is seen, where it stands: joiners in the
/// scripts that are spelt with them (the contextual rules of RFC 5892, appendices A.1
/// and A.2) and in emoji, selectors behind a character that has variants.
fn is_needed(text: &str, place: usize, character: char) -> bool {
    let (before, after) = (&text[..place], &text[place + character.len_utf8()..]);
    match character {
        NON_JOINER => is_virama(before) || stands_between_joined(before, after),
        JOINER => is_virama(before) || stands_between_pictographs(before, after),
        _ => VariationSelector::for_char(character) && has_variants(before),
    }
}

fn is_virama(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_some_and(|last| {
        CanonicalCombiningClass::for_char(last) == CanonicalCombiningClass::Virama
    })
}

/// Whether two letters meet here that would join, as in Persian.
fn stands_between_joined(before: &str, after: &str) -> bool {
    let joining = |character: char| {
        Some(JoiningType::for_char(character)).filter(|kind| *kind != JoiningType::Transparent)
    };
    matches!(
        before.chars().rev().find_map(joining),
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    ) && matches!(
        after.chars().find_map(joining),
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

fn stands_between_pictographs(before: &str, after: &str) -> bool {
    let is_attached = |character: &char| {
        VariationSelector::for_char(*character) || EmojiModifier::for_char(*character)
    };
    let last = before.chars().rev().find(|character| !is_attached(character));
    last.is_some_and(ExtendedPictographic::for_char)
        && after.chars().next().is_some_and(ExtendedPictographic::for_char)
}

/// Whether the last character is one whose variants are written: an emoji, a Chinese
/// character of a Japanese name, a letter of Mongolian.
fn has_variants(before: &str) -> bool {
    before.chars().next_back().is_some_and(|last| {
        (!last.is_ascii() && Emoji::for_char(last))
            || matches!(Script::for_char(last), Script::Han | Script::Mongolian)
    })
}
