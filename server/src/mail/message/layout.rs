//! A mail as a small structure, and its two renderings.
//!
//! The languages fill a [`Layout`]; the templates show it. What is shown as typed by people goes
//! through [`quoted_machine_name`](super::quoted_machine_name) first. Nothing here may bypass askama's escaping.

use askama::Template;

use super::Message;

/// The text part's line length, in characters: RFC 5322, section 2.1.1, asks for no more than 78,
/// and an answer puts "> " before each line.
const WIDTH: usize = 72;

/// Everything that a mail says, in reading order.
pub(super) struct Layout {
    pub(super) language: &'static str,
    pub(super) subject: String,
    /// What a mailbox shows beside the subject: it may be on a locked screen, so never a code.
    pub(super) preheader: String,
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
    pub(super) footer: Vec<String>,
    /// Who sends it, below the footer; may be empty.
    pub(super) letterhead: Vec<String>,
    /// What stands between a label and its value in the text part.
    pub(super) colon: &'static str,
}

pub(super) enum Block {
    Paragraph(String),
    /// The client ID, which people read out over the phone.
    AccountId {
        label: String,
        value: String,
    },
    /// The personal code, which they type and never read out.
    Code {
        label: String,
        value: String,
    },
    Facts(Vec<Fact>),
    /// Things to do one after the other.
    Steps {
        lead: String,
        items: Vec<String>,
    },
    Notice {
        title: String,
        text: String,
    },
}

pub(super) struct Fact {
    pub(super) label: String,
    pub(super) value: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct HtmlPart<'a> {
    layout: &'a Layout,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct TextPart<'a> {
    layout: &'a Layout,
}

impl Layout {
    /// Renders both parts.
    pub(super) fn render(self) -> Result<Message, askama::Error> {
        let text = TextPart { layout: &self }.render()?;
        let html = HtmlPart { layout: &self }.render()?;
        Ok(Message { language: self.language, subject: self.subject, reply_to: None, text, html })
    }
}

impl TextPart<'_> {
    fn wrap(text: &str) -> String {
        wrap("", "", text)
    }

    fn underline(text: &str) -> String {
        let longest = Self::wrap(text).lines().map(|line| line.chars().count()).max();
        "-".repeat(longest.unwrap_or(0))
    }

    fn fact(&self, fact: &Fact) -> String {
        let label = format!("{}{} ", fact.label, self.layout.colon);
        wrap(&format!("  {label}"), "      ", &fact.value)
    }

    fn step(number: usize, text: &str) -> String {
        wrap(&format!("  {number}. "), "     ", text)
    }
}

/// Breaks a text at its ordinary spaces; a no-break space holds.
fn wrap(first: &str, indent: &str, text: &str) -> String {
    let mut wrapped = String::from(first);
    let mut column = first.chars().count();
    let mut at_start = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !at_start && column + 1 + length > WIDTH {
            wrapped.push('\n');
            wrapped.push_str(indent);
            column = indent.chars().count();
        } else if !at_start {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
        at_start = false;
    }
    wrapped
}
