//! A machine's name as a mail shows it.
//!
//! Anybody can have a mail sent to any address, with a name of their choice in it: a genuine mail
//! that says "appelez le 08 …". So a name must not pass for the mail's own words, nor carry a
//! number to call, a link to click, or a text of any length.

use unicode_normalization::char::is_combining_mark;

use crate::domain::paste;

/// More of a name than this is cut: a name must not become a message of its own.
const MAX_CHARS: usize = 30;
/// So many digits with no letter in between are a number that somebody may call. Names have
/// fewer: "Caisse 12", "SRV-2019".
const NUMBER_DIGITS: usize = 5;
/// What a blanked digit is shown as.
const BLANK: char = '•';

/// A machine's name, as it was typed, fit to be shown in a mail and between these quotation
/// marks; `None` when nothing of it is visible.
///
/// - Line breaks, tabs and other spaces become one space each time; what is invisible is left out.
/// - A quotation mark becomes an apostrophe: a name cannot end its own quotation.
/// - Five digits and more, of whatever script, with no letter in between are blanked, each by a
///   "•"; what stands between them (spaces, dots, dashes, brackets, …) stays.
/// - The first 30 characters are shown, and "…" if there were more.
/// - An invisible joiner (U+2060) after each dot, slash, colon and at sign keeps mail programs
///   from making a link of it.
#[must_use]
pub fn quoted_machine_name(typed: &str, [open, close]: [&str; 2]) -> Option<String> {
    let visible: String = typed.chars().filter_map(plain).collect();
    let words = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return None;
    }
    let blanked = blank_numbers(&words);
    let kept: String = blanked.iter().take(MAX_CHARS).collect();
    let mut shown = String::from(open);
    for character in kept.trim_end().chars() {
        shown.push(character);
        if matches!(character, '.' | '/' | ':' | '@') {
            shown.push('\u{2060}');
        }
    }
    if blanked.len() > MAX_CHARS {
        shown.push('…');
    }
    shown.push_str(close);
    Some(shown)
}

/// A character without what it may do to those around it.
fn plain(character: char) -> Option<char> {
    match character {
        c if c.is_control() || c.is_whitespace() => Some(' '),
        c if is_invisible(c) => None,
        '"'
        | '«'
        | '»'
        | '‹'
        | '›'
        | '\u{201c}'..='\u{201f}'
        | '\u{275d}'
        | '\u{275e}'
        | '\u{301d}'..='\u{301f}'
        | '\u{ff02}' => Some('’'),
        c => Some(c),
    }
}

/// Blanks each long number. It goes on until a letter comes, since a telephone number is
/// written with spaces, dots, dashes, slashes and brackets in every mixture.
fn blank_numbers(words: &str) -> Vec<char> {
    let mut shown: Vec<char> = words.chars().collect();
    let mut digits = Vec::new();
    for (position, character) in words.chars().enumerate() {
        if character.is_numeric() {
            digits.push(position);
        } else if character.is_alphabetic() && !is_combining_mark(character) {
            blank(&mut shown, &mut digits);
        }
    }
    blank(&mut shown, &mut digits);
    shown
}

fn blank(shown: &mut [char], digits: &mut Vec<usize>) {
    let is_number = digits.len() >= NUMBER_DIGITS;
    for position in digits.drain(..).filter(|_| is_number) {
        shown[position] = BLANK;
    }
}

/// Whether a mark is invisible itself, and may change how its neighbours are shown or what is
/// found in them: joiners, marks of the writing direction (UAX #9), fillers, variation selectors,
/// tags (Unicode's `Default_Ignorable_Code_Point`, and the blank of Braille).
fn is_invisible(character: char) -> bool {
    // The blank of Braille is a symbol to Unicode, and yet there is nothing to see.
    paste::is_invisible(character) || character == '\u{2800}'
}
