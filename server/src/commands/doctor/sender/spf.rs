//! SPF: which servers may send for the domain (RFC 7208). The record is read, and how many
//! look-ups it costs is counted; it is not evaluated, since nobody knows here by which address the
//! relay sends.

use std::collections::{BTreeSet, VecDeque};

use super::{
    AREA,
    dns::{Dns, Found},
    not_checked, shown,
};
use crate::commands::doctor::finding::Finding;

/// The most look-ups that a record may cost (RFC 7208 §4.6.4). One with more is as good as broken.
const MOST_LOOKUPS: usize = 10;

/// What begins a record.
const VERSION: &str = "v=spf1";

/// Looks at the record of `domain`.
pub(super) async fn examine(dns: &Dns, domain: &str) -> Finding {
    let record = match record(dns, domain).await {
        Ok(Ok(record)) => record,
        Ok(Err(0)) => {
            return Finding::problem(
                AREA,
                format!("{domain} has no SPF record: others take its mails for forged"),
                "add the TXT record that your relay's manual tells, such as `v=spf1 \
                 include:_spf.relay.example -all`",
            );
        }
        Ok(Err(records)) => {
            return Finding::problem(
                AREA,
                format!("{domain} has {records} SPF records, of which none counts then"),
                "make one of them: TXT records that begin with v=spf1",
            );
        }
        Err(error) => return not_checked("SPF", &error),
    };
    let terms = Terms::of(&record);
    match lookups(dns, domain, terms.clone()).await {
        Ok(lookups) => judged(domain, &record, &terms, lookups),
        Err(error) => not_checked("SPF", &error),
    }
}

/// The one record of a domain; or how many it has, if that is not one.
async fn record(dns: &Dns, domain: &str) -> Result<Result<String, usize>, String> {
    let Found::Some(texts) = dns.texts(domain).await? else { return Ok(Err(0)) };
    let is_spf = |text: &String| {
        let start = text.get(..VERSION.len());
        let rest = text.get(VERSION.len()..).unwrap_or_default();
        start.is_some_and(|start| start.eq_ignore_ascii_case(VERSION))
            && (rest.is_empty() || rest.starts_with(' '))
    };
    let mut records: Vec<String> = texts.into_iter().filter(is_spf).collect();
    Ok(match (records.pop(), records.len()) {
        (Some(record), 0) => Ok(record),
        (last, others) => Err(others + usize::from(last.is_some())),
    })
}

/// What a record asks for.
#[derive(Clone, Debug, Default)]
struct Terms {
    /// What is said of all others: `-`, `~`, `?` or `+`.
    all: Option<char>,
    /// Whose records are looked up, too.
    included: Vec<String>,
    /// The domain whose record counts instead, where nothing is said of all others.
    redirect: Option<String>,
    /// The look-ups of other kinds.
    others: usize,
}

impl Terms {
    fn of(record: &str) -> Self {
        let mut terms = Self::default();
        for term in record.split(' ').skip(1).filter(|term| !term.is_empty()) {
            let (qualifier, mechanism) = match term.chars().next() {
                Some(sign @ ('+' | '-' | '~' | '?')) => (sign, &term[1..]),
                _ => ('+', term),
            };
            let end = mechanism.find([':', '/', '=']).unwrap_or(mechanism.len());
            let (name, value) = mechanism.split_at(end);
            let value = value.get(1..).unwrap_or_default().to_owned();
            match &*name.to_ascii_lowercase() {
                // What stands behind it is never looked at.
                "all" if terms.all.is_none() => terms.all = Some(qualifier),
                "include" if terms.all.is_none() => terms.included.push(value),
                "a" | "mx" | "ptr" | "exists" if terms.all.is_none() => terms.others += 1,
                "redirect" => terms.redirect = Some(value),
                _ => {}
            }
        }
        terms.redirect = terms.redirect.filter(|_| terms.all.is_none());
        terms
    }
}

/// What was counted.
struct Lookups {
    count: usize,
    /// Domains that are named, and have no record of their own.
    broken: Vec<String>,
    /// Domains that depend on the mail.
    unknown: usize,
    /// What is said of all others in the end.
    all: Option<char>,
}

/// Counts the look-ups that a record costs, with those of the records that it names.
async fn lookups(dns: &Dns, domain: &str, terms: Terms) -> Result<Lookups, String> {
    let mut counted = Lookups { count: 0, broken: Vec::new(), unknown: 0, all: terms.all };
    let mut seen = BTreeSet::from([domain.to_ascii_lowercase()]);
    let mut waiting = VecDeque::from([(terms, true)]);
    while let Some((terms, is_own)) = waiting.pop_front() {
        counted.count += terms.others;
        let redirect = terms.redirect.map(|domain| (domain, is_own));
        let included = terms.included.into_iter().map(|domain| (domain, false));
        for (named, is_own) in included.chain(redirect) {
            counted.count += 1;
            if counted.count > MOST_LOOKUPS {
                return Ok(counted);
            }
            if named.contains('%') {
                counted.unknown += 1;
                continue;
            }
            // One that leads back to itself costs ten, whatever it says.
            if !seen.insert(named.to_ascii_lowercase()) {
                continue;
            }
            match record(dns, &named).await? {
                Ok(record) => {
                    let terms = Terms::of(&record);
                    if is_own {
                        counted.all = terms.all;
                    }
                    waiting.push_back((terms, is_own));
                }
                Err(_) => counted.broken.push(named),
            }
        }
    }
    Ok(counted)
}

fn judged(domain: &str, record: &str, terms: &Terms, lookups: Lookups) -> Finding {
    let Lookups { count, broken, unknown, all } = lookups;
    let record = shown(record);
    let not_evaluated = "whether the relay's address is among them is not looked at";
    if count > MOST_LOOKUPS {
        return Finding::problem(
            AREA,
            format!(
                "SPF of {domain} costs more than {MOST_LOOKUPS} look-ups, and counts for nothing: \
                 {record}"
            ),
            "name fewer others in it: `include:`, `a`, `mx`, `exists:`, `redirect=`",
        );
    }
    if let Some(broken) = broken.first() {
        return Finding::problem(
            AREA,
            format!("SPF of {domain} names {}, which has no SPF record of its own", shown(broken)),
            "take it out, or spell it as the manual of that service does",
        );
    }
    match all {
        Some('+') => Finding::problem(
            AREA,
            format!("SPF of {domain} lets everybody send for it: {record}"),
            "end it in -all, or in ~all while you try it",
        ),
        Some('?') | None => Finding::warning(
            AREA,
            format!("SPF of {domain} says nothing of all other servers: {record}"),
            "end it in -all, or in ~all while you try it",
        ),
        Some(sign) => {
            let of = if terms.redirect.is_some() { " (by redirect)" } else { "" };
            let left_out = match unknown {
                0 => String::new(),
                _ => format!("; {unknown} of them depend on the mail, and were not followed"),
            };
            let what = format!(
                "SPF of {domain} ends in {sign}all{of}, at {count} look-ups of \
                 {MOST_LOOKUPS}{left_out}; {not_evaluated}: {record}"
            );
            Finding::ok(AREA, what)
        }
    }
}
