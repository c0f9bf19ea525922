//! How texts are compared in a search.

/// A text as it is compared: without case, without the accents of French, and with nothing but
/// spaces between its words.
#[must_use]
pub fn folded(text: &str) -> String {
    let small = text.to_lowercase();
    let folded = small.chars().map(|letter| match letter {
        'à' | 'â' | 'ä' | 'á' | 'ã' | 'å' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' | 'í' => 'i',
        'ô' | 'ö' | 'ó' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        letter if letter.is_alphanumeric() => letter,
        _ => ' ',
    });
    folded.collect::<String>().trim().to_owned()
}
