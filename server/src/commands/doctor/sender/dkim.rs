//! DKIM: the key by which the relay signs (RFC 6376). Which one it is, only a signed mail says:
//! its selector has to be told.

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use x509_parser::{prelude::FromDer as _, public_key::PublicKey, x509::SubjectPublicKeyInfo};

use super::{
    AREA,
    dns::{Dns, Found},
    not_checked, shown,
};
use crate::commands::doctor::finding::Finding;

/// Below this, no receiver takes a signature (RFC 8301).
const LEAST_BITS: usize = 1024;

/// From here on it is as strong as is asked for.
const GOOD_BITS: usize = 2048;

/// An Ed25519 key, in bytes (RFC 8463).
const ED25519_BYTES: usize = 32;

/// Looks at the key of each selector.
pub(super) async fn examine(dns: &Dns, domain: &str, selectors: &[String]) -> Vec<Finding> {
    if selectors.is_empty() {
        return vec![Finding::warning(
            AREA,
            "not checked: DKIM, whose key is found by its selector",
            "give it by --dkim-selector: the `s=` of `DKIM-Signature` in a mail that arrived",
        )];
    }
    let mut findings = Vec::new();
    for selector in selectors {
        findings.push(of_selector(dns, domain, selector.trim()).await);
    }
    findings
}

async fn of_selector(dns: &Dns, domain: &str, selector: &str) -> Finding {
    let name = format!("{selector}._domainkey.{domain}");
    let shown_name = shown(&name);
    let texts = match dns.texts(&name).await {
        Ok(Found::Some(texts)) => texts,
        Ok(Found::None) => {
            return Finding::problem(
                AREA,
                format!("there is no DKIM key at {shown_name}"),
                "publish the record that your relay's manual tells (TXT, or a CNAME to its own)",
            );
        }
        Err(error) => return not_checked(&format!("DKIM at {shown_name}"), &error),
    };
    let [record] = &*texts else {
        return Finding::problem(
            AREA,
            format!("there are {} DKIM records at {shown_name}, where one is to be", texts.len()),
            "leave the one that your relay's manual tells",
        );
    };
    judged(&shown_name, &tags(record))
}

/// The tags of a record, without the blanks that may stand anywhere.
fn tags(record: &str) -> HashMap<String, String> {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    tags.map(|(name, value)| (bare(name), bare(value))).collect()
}

fn judged(name: &str, tags: &HashMap<String, String>) -> Finding {
    let republish = "publish the record that your relay's manual tells";
    let problem = |what: String| Finding::problem(AREA, what, republish);
    let version = tags.get("v").map_or("DKIM1", String::as_str);
    let Some(key) = tags.get("p").filter(|_| version == "DKIM1") else {
        return problem(format!("what stands at {name} is no DKIM key"));
    };
    if key.is_empty() {
        return Finding::problem(
            AREA,
            format!("the DKIM key at {name} is revoked (an empty p=)"),
            "have the relay sign by a selector whose key is in force, and name that one",
        );
    }
    let Ok(key) = BASE64_STANDARD.decode(key) else {
        return problem(format!("the DKIM key at {name} is damaged: its p= is no Base64"));
    };
    let kind = tags.get("k").map_or("rsa", String::as_str);
    let bits = match kind {
        "rsa" => rsa_bits(&key),
        "ed25519" if key.len() == ED25519_BYTES => Some(GOOD_BITS),
        "ed25519" => None,
        other => {
            return problem(format!(
                "the DKIM key at {name} is of an unknown kind: {}",
                shown(other)
            ));
        }
    };
    let is_trial = tags.get("t").is_some_and(|flags| flags.split(':').any(|flag| flag == "y"));
    let size = if kind == "rsa" { bits.map(|bits| format!(", {bits} bits")) } else { None };
    let what = format!("DKIM key at {name}: {kind}{}", size.unwrap_or_default());
    match bits {
        None => problem(format!("the DKIM key at {name} is damaged: its p= is no {kind} key")),
        Some(..LEAST_BITS) => Finding::problem(
            AREA,
            format!("{what}: too short, and no receiver takes it (RFC 8301)"),
            "make one of 2048 bits at the relay, and publish it under a selector of its own",
        ),
        Some(LEAST_BITS..GOOD_BITS) => Finding::warning(
            AREA,
            format!("{what}: taken, and shorter than is asked for today"),
            "make one of 2048 bits at the relay, and publish it under a selector of its own",
        ),
        Some(_) if is_trial => Finding::warning(
            AREA,
            format!("{what}: marked as a trial (t=y), so that receivers may pass over it"),
            "take t=y out of the record once mails arrive signed",
        ),
        Some(_) => Finding::ok(AREA, what),
    }
}

fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (_, info) = SubjectPublicKeyInfo::from_der(key).ok()?;
    match info.parsed().ok()? {
        PublicKey::RSA(key) => Some(key.key_size()),
        _ => None,
    }
}
