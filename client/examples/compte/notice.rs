//! What becomes of the data, shown before an address is asked for (GDPR, article 13).

use anyhow::Result;

use crate::terminal;

/// A terminal of 80 columns, with a margin on both sides.
const WIDTH: usize = 76;

/// What of its 24 lines a text may take, so that the question below it is seen with it.
const PAGE_LINES: usize = 20;

/// Shows the notice, page by page.
pub(crate) fn show(text: &str) -> Result<()> {
    let lines = wrapped(text, WIDTH);
    println!();
    for (number, page) in lines.chunks(PAGE_LINES).enumerate() {
        if number > 0 && !terminal::agree("Lire la suite ?", true)? {
            break;
        }
        for line in page {
            println!("  {line}");
        }
    }
    println!();
    Ok(())
}

/// The lines of a text, none wider than `width` unless a word is.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let length = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && length > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}
