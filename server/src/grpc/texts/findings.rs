//! What keeps a customer out, for an agent who has the customer on the telephone: what it is,
//! and what to do or to say. Times are told by how far away they are; the message has them
//! exactly. No text holds a code, an IP address, or more of an address than its mask.

mod english;
mod french;

use jiff::{SignedDuration, Timestamp};

use self::{english::English, french::French};
use crate::{accounts::support::Finding, domain::locale::Locale};

/// A finding in words, at `now`.
pub(in crate::grpc) fn finding(finding: &Finding, now: Timestamp, locale: Locale) -> String {
    match locale {
        Locale::Fr => French { finding, now }.text(),
        Locale::En => English { finding, now }.text(),
    }
}

/// Whether a mail server says that the mailbox is full (RFC 3463: X.2.2).
fn is_mailbox_full(answer: &str) -> bool {
    answer.ends_with(" 4.2.2") || answer.ends_with(" 5.2.2")
}

fn left(finding: &Finding, now: Timestamp) -> SignedDuration {
    finding.until.map_or(SignedDuration::ZERO, |until| until.duration_since(now))
}

fn since(finding: &Finding, now: Timestamp) -> SignedDuration {
    finding.time.map_or(SignedDuration::ZERO, |time| now.duration_since(time))
}

/// A span in one unit, rounded up: 90 s are 2 min, and whoever waits so long need not wait
/// again.
fn in_words(span: SignedDuration, [seconds, minutes, hours, days]: [&str; 4]) -> String {
    let span = u64::try_from(span.as_secs()).unwrap_or_default();
    let (size, unit) = match span {
        0..=99 => (1, seconds),
        100..=5_999 => (60, minutes),
        6_000..=172_800 => (3_600, hours),
        _ => (86_400, days),
    };
    format!("{} {unit}", span.div_ceil(size))
}
