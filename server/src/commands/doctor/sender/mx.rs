//! Whether the sender's domain takes mails: answers, and what other mail servers refuse later, go
//! there, and some refuse mails of a domain that takes none.

use super::{
    AREA,
    dns::{Answer, Dns, Found},
    shown,
};
use crate::commands::doctor::finding::Finding;

/// Looks for the mail servers of `domain`, or its address, which stands for one (RFC 5321 §5.1).
/// Nothing is found where neither is there.
pub(super) async fn examine(dns: &Dns, domain: &str) -> Answer<Finding> {
    let servers = match dns.mail_servers(domain).await? {
        Found::Some(servers) => servers,
        Found::None if dns.has_address(domain).await? => {
            let what = format!("{domain} has no MX, and its own address takes its mails");
            return Ok(Found::Some(Finding::ok(AREA, what)));
        }
        Found::None => return Ok(Found::None),
    };
    let best = servers.iter().min_by_key(|(preference, _)| *preference);
    let Some((_, best)) = best else { return Ok(Found::None) };
    // RFC 7505.
    let takes_none = servers.iter().all(|(_, server)| server == ".");
    Ok(Found::Some(if takes_none {
        Finding::problem(
            AREA,
            format!("{domain} says that it takes no mail (a null MX)"),
            "set MAIL_FROM to an address whose domain takes mails: some refuse senders without",
        )
    } else {
        let best = shown(best.trim_end_matches('.'));
        Finding::ok(AREA, format!("{domain} takes mails: MX {best}, of {}", servers.len()))
    }))
}
