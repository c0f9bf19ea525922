//! E-mail addresses.

use std::{fmt, str::FromStr as _};

use email_address::{EmailAddress as Checked, Options};
use unicode_normalization::UnicodeNormalization as _;

use super::{account_id::AccountId, paste, violation::Problem};

/// The right part of what is no address: a domain has a dot.
const NOBODY: &str = "@nobody";

/// An address that mail can be sent to (RFC 5321, without quoted local parts
/// of more than the standard allows, address literals or single-label domains).
/// `Debug` masks it: addresses are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    deliverable: String,
    key: String,
}

impl EmailAddress {
    /// The longest address with its domain in ASCII, in bytes (RFC 5321
    /// §4.5.3.1.3: a path of 256 with its two brackets).
    pub const MAX_BYTES: usize = 254;

    /// Checks `text`; an international domain is brought to ASCII (RFC 5891). What came
    /// along when it was pasted goes (`unspaced`).
    ///
    /// # Errors
    /// [`Problem::Required`], [`Problem::TooLong`] or [`Problem::InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = unspaced(text).ok_or(Problem::InvalidEmail)?;
        if text.is_empty() {
            return Err(Problem::Required);
        }
        // The ASCII form of a domain may be shorter than its UTF-8, but not by this much.
        if text.len() > 4 * Self::MAX_BYTES {
            return Err(Problem::TooLong { max: Self::MAX_BYTES });
        }
        let typed: String = text.nfc().collect();
        let (local, domain) = typed.rsplit_once('@').ok_or(Problem::InvalidEmail)?;
        if !local.is_ascii() || local.starts_with('"') {
            return Err(Problem::InvalidEmail);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| Problem::InvalidEmail)?;
        let deliverable = format!("{local}@{domain}");
        if deliverable.len() > Self::MAX_BYTES {
            return Err(Problem::TooLong { max: Self::MAX_BYTES });
        }
        let options =
            Options::default().with_required_tld().without_domain_literal().without_display_text();
        Checked::parse_with_options(&deliverable, options).map_err(|_| Problem::InvalidEmail)?;
        if lettre::Address::from_str(&deliverable).is_err() {
            return Err(Problem::InvalidEmail);
        }
        let key = deliverable.to_ascii_lowercase();
        Ok(Self { typed, deliverable, key })
    }

    /// Stands in for the address of an account that does not exist, so that the
    /// same can be done, and looked up, as for one that does. It is no address:
    /// nobody can type it, and no mail goes there.
    #[must_use]
    pub(crate) fn placeholder(id: AccountId) -> Self {
        // Multiplied by an odd number, IDs stay distinct, and are spread over an
        // index as addresses are.
        let key = format!("{:08x}{NOBODY}", id.number().wrapping_mul(0x9E37_79B1));
        Self { typed: key.clone(), deliverable: key.clone(), key }
    }

    /// Whether it only [stands in](Self::placeholder) for an address.
    #[must_use]
    pub(crate) fn is_placeholder(&self) -> bool {
        self.key.ends_with(NOBODY)
    }

    /// The address as it was typed, to show to people.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// The address as mail servers take it: its domain in ASCII.
    #[must_use]
    pub fn deliverable(&self) -> &str {
        &self.deliverable
    }

    /// What two addresses are compared by.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(typed: String, key: String) -> Self {
        let local = typed.rsplit_once('@').map_or(&*typed, |(local, _)| local);
        let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
        let deliverable = format!("{local}@{domain}");
        Self { typed, deliverable, key }
    }

    /// The address with most of it hidden: `j•••@e•••.fr`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.typed.rsplit_once('@').unwrap_or((&self.typed, ""));
        let (name, ending) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••@{}•••.{ending}", first(local), first(name))
    }
}

/// An address without what is invisible and without spaces. `None` where a plain space
/// stands between two words: somebody typed it, and nobody can tell what it stands for
/// (`jeanne martin@exemple.fr` may be two mailboxes of two people).
fn unspaced(text: &str) -> Option<String> {
    let is_pasted = |character| character != ' ' && paste::is_space(character);
    let text = paste::visible(&text.replace(is_pasted, ""));
    let mut address = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_joined =
            address.is_empty() || address.ends_with(['@', '.']) || word.starts_with(['@', '.']);
        if !is_joined {
            return None;
        }
        address.push_str(word);
    }
    Some(address)
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
