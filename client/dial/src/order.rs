//! In which order addresses are tried (RFC 8305, section 4).

use std::net::SocketAddr;

/// The families in turn, the one that the system prefers first: where a whole family leads nowhere,
/// the second attempt must not be another of it. Within a family, the order is the system's (RFC
/// 6724), which knows the routes of this machine.
pub(crate) fn in_turn(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut distinct: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        // The hosts file may have a name twice.
        if !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    let prefers_v6 = distinct.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) =
        distinct.into_iter().partition(|address| address.is_ipv6() == prefers_v6);
    let (mut preferred, mut others) = (preferred.into_iter(), others.into_iter());
    let mut ordered = Vec::with_capacity(preferred.len() + others.len());
    while preferred.len() + others.len() > 0 {
        ordered.extend(preferred.next());
        ordered.extend(others.next());
    }
    ordered
}
