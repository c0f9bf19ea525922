//! The normal form of a text: words of lower-case letters and digits without accents.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::cut;

/// The words of a text, in their order: *Éts Dupont & Fils* are `ets`, `dupont`, `fils`;
/// *N’Guyen* are `n`, `guyen`.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let folded = folded(text);
    let words = folded.split(|character| !is_part_of_word(character));
    words.filter(|word| !word.is_empty()).map(|word| cut(word).to_owned()).collect()
}

/// Letters and digits are, but for signs that Unicode counts as letters: `ʼ` and `ʹ` part
/// words as other apostrophes do.
fn is_part_of_word(character: char) -> bool {
    character.is_alphanumeric() && !('\u{2B0}'..='\u{2FF}').contains(&character)
}

/// `text` without case and accents. By way of the capitals: some letters have two small
/// forms (σ and ς), and only their capital is one.
fn folded(text: &str) -> String {
    let capitals = text.nfkd().flat_map(char::to_uppercase);
    let small: String = capitals.flat_map(char::to_lowercase).collect();
    let bare = small.nfkd().filter(|character| !is_combining_mark(*character));
    let mut folded = String::with_capacity(small.len());
    for character in bare {
        match spelt_out(character) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(character),
        }
    }
    folded
}

/// How a letter is written by whoever has not got it on the keyboard, where Unicode does not
/// take it apart.
fn spelt_out(letter: char) -> Option<&'static str> {
    Some(match letter {
        'œ' => "oe",
        'æ' => "ae",
        'ß' => "ss",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}
