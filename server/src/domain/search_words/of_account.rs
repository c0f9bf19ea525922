//! The words of an account.

use super::{MAX_WORDS, cut, words};
use crate::domain::{email_address::EmailAddress, profile::Profile};

/// Who provides mailboxes to everybody: such a domain tells nothing of its user.
const PROVIDERS: [&str; 14] = [
    "orange",
    "wanadoo",
    "gmail",
    "free",
    "sfr",
    "hotmail",
    "laposte",
    "yahoo",
    "outlook",
    "live",
    "icloud",
    "bbox",
    "neuf",
    "numericable",
];

/// What telephone numbers of France begin with abroad, and what they begin with at home.
const FRANCE: (&str, &str) = ("+33", "0");

/// The words of an account, each once. Those that lead to one account come first: if there
/// are more than an account may have, the last ones are left out.
#[must_use]
pub fn of_account(email: &EmailAddress, profile: &Profile) -> Vec<String> {
    let mut all = Words::default();
    all.add_email(email.key());
    all.add_phone(profile.phone.as_str(), profile.phone.e164());
    all.add_postal_code(profile.postal_code.as_str());
    for text in [profile.company_name.as_str(), profile.last_name.as_str()] {
        all.add_text(text);
    }
    all.add_text(profile.first_name.as_str());
    all.add_text(profile.city.as_str());
    all.add_parts_of_email(email.key());
    all.0
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn add(&mut self, word: &str) {
        let word = cut(word);
        if !word.is_empty() && self.0.len() < MAX_WORDS && !self.0.iter().any(|known| known == word)
        {
            self.0.push(word.to_owned());
        }
    }

    fn add_text(&mut self, text: &str) {
        for word in words(text) {
            self.add(&word);
        }
    }

    fn add_email(&mut self, key: &str) {
        self.add(key);
        if let Some(at) = key.rfind('@') {
            self.add(&key[at..]);
        }
    }

    /// What stands before the `@`, and the domain without its ending, in letters that a
    /// person types.
    fn add_parts_of_email(&mut self, key: &str) {
        let Some((local, domain)) = key.rsplit_once('@') else { return };
        self.add_text(local);
        let name = domain.rsplit_once('.').map_or(domain, |(name, _)| name);
        // `yahoo.co.uk` is a provider's, too.
        let owner = name.strip_suffix(".co").unwrap_or(name);
        if !PROVIDERS.contains(&owner) {
            self.add_text(&idna::domain_to_unicode(name).0);
        }
    }

    fn add_phone(&mut self, typed: &str, e164: Option<&str>) {
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        self.add(&digits);
        if let Some(e164) = e164 {
            self.add(e164);
            // Typed as from abroad, and asked for as at home.
            if let Some(rest) = e164.strip_prefix(FRANCE.0) {
                self.add(&format!("{}{rest}", FRANCE.1));
            }
        }
    }

    /// Undivided, and each part of one that is written in several.
    fn add_postal_code(&mut self, code: &str) {
        self.add(&words(code).concat());
        self.add_text(code);
    }
}
