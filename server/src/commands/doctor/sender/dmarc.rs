//! DMARC: what receivers shall do with mails that neither SPF nor DKIM vouches for (RFC 7489).
//!
//! A domain without a record has that of the domain above it. Which one counts was found by a list
//! of public suffixes, and is found by walking up since: each parent is asked in turn, but for the
//! top-level domain, and the first that has a record is taken. Where a registrar's domain
//! publishes one for all below it, that is told as if it were the operator's own.

use std::iter;

use super::{
    AREA,
    dns::{Dns, Found},
    not_checked, shown,
};
use crate::commands::doctor::finding::Finding;

/// The most domains that are asked.
const MOST: usize = 8;

/// What begins a record.
const VERSION: &str = "v=DMARC1";

/// Looks for the record of `domain`, or of the nearest above it.
pub(super) async fn examine(dns: &Dns, domain: &str) -> Finding {
    for at in above(domain) {
        let texts = match dns.texts(&format!("_dmarc.{at}")).await {
            Ok(Found::Some(texts)) => texts,
            Ok(Found::None) => continue,
            Err(error) => return not_checked("DMARC", &error),
        };
        let is_dmarc = |text: &&String| tags(text).next() == Some(("v", "DMARC1"));
        let records: Vec<&String> = texts.iter().filter(is_dmarc).collect();
        match &*records {
            [] => {}
            [record] => return judged(domain, at, record),
            several => {
                return Finding::problem(
                    AREA,
                    format!("{at} has {} DMARC records, of which none counts then", several.len()),
                    format!("make one of them: TXT records of _dmarc.{at}"),
                );
            }
        }
    }
    Finding::warning(
        AREA,
        format!("{domain} has no DMARC record: large mail services ask senders for one"),
        format!("publish TXT `{VERSION}; p=none` at _dmarc.{domain}, and go on to p=reject"),
    )
}

/// The domain, and those above it with two labels or more.
fn above(domain: &str) -> impl Iterator<Item = &str> {
    let all = iter::successors(Some(domain), |domain| Some(domain.split_once('.')?.1));
    all.take_while(|domain| domain.contains('.')).take(MOST)
}

fn tags(record: &str) -> impl Iterator<Item = (&str, &str)> {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    tags.map(|(name, value)| (name.trim(), value.trim()))
}

fn judged(domain: &str, at: &str, record: &str) -> Finding {
    let tag = |wanted: &str| tags(record).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let own = tag("p");
    let policy = if at == domain { own } else { tag("sp").or(own) };
    let policy = policy.map(str::to_ascii_lowercase);
    let whose = if at == domain { String::new() } else { format!(", by that of {at}") };
    match policy.as_deref() {
        Some(policy @ ("quarantine" | "reject")) => {
            Finding::ok(AREA, format!("DMARC of {domain}{whose}: p={policy}"))
        }
        Some("none") => Finding::warning(
            AREA,
            format!("DMARC of {domain}{whose}: p=none, so that forged mails in its name arrive"),
            "go on to p=quarantine, then p=reject, once your own mails pass by SPF or DKIM",
        ),
        _ => Finding::problem(
            AREA,
            format!("DMARC of {domain}{whose} has no policy that counts: {}", shown(record)),
            "write p=none, p=quarantine or p=reject into it",
        ),
    }
}
