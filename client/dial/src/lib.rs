//! Connects to a name that has several addresses, of which the first may not answer: an IPv6
//! address in an office without IPv6, a machine that is down.
//!
//! The addresses are tried side by side, each with a head start before the next (RFC 8305, Happy
//! Eyeballs). The system gives a dead address two minutes before it passes on to the next, which
//! is longer than anybody waits. What is said over a connection, and how it is protected, is no
//! matter of this crate.

mod error;
mod order;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

pub use self::error::{Attempt, DialError, Outcome};

/// How long an address is tried alone, before the next one is tried beside it (RFC 8305, section
/// 5, "Connection Attempt Delay").
pub const HEAD_START: Duration = Duration::from_millis(250);

/// Longer limits make no sense, and this much always fits in an `Instant`.
const LONGEST_LIMIT: Duration = Duration::from_hours(24);

/// The addresses of a name, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses(Vec<SocketAddr>);

/// Looks `host` up and connects to whichever of its addresses answers first, all within `limit`.
///
/// `host` is a name, or an IP address, which may stand in brackets as in a URL.
///
/// # Errors
/// A [`DialError`] that names every address, and what became of it.
pub async fn dial(host: &str, port: u16, limit: Duration) -> Result<TcpStream, DialError> {
    let begun = Instant::now();
    let addresses = Addresses::look_up(host, port, limit).await?;
    addresses.dial(limit.saturating_sub(begun.elapsed())).await
}

impl Addresses {
    /// Asks the system for the addresses of `host`, as [`dial`] does.
    ///
    /// # Errors
    /// [`DialError::LookUp`] when there is none, or no answer within `limit`.
    pub async fn look_up(host: &str, port: u16, limit: Duration) -> Result<Self, DialError> {
        let failed = |why: String| DialError::LookUp { host: host.to_owned(), why };
        let name = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match timeout(limit, lookup_host((name, port))).await {
            Err(_) => Err(failed("no answer".to_owned())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Ok(Ok(found)) => match found.collect::<Self>() {
                Self(none) if none.is_empty() => Err(failed("it has no address".to_owned())),
                addresses => Ok(addresses),
            },
        }
    }

    /// The addresses.
    #[must_use]
    pub fn as_slice(&self) -> &[SocketAddr] {
        &self.0
    }

    /// Connects to whichever answers first, and gives up the others.
    ///
    /// The next address is tried when the last one has failed, or has had its head start. Where
    /// there are many, or little time, head starts are shorter: the last address, too, has half of
    /// `limit`.
    ///
    /// # Errors
    /// [`DialError::Unreached`] when none answers within `limit`.
    pub async fn dial(&self, limit: Duration) -> Result<TcpStream, DialError> {
        let limit = limit.min(LONGEST_LIMIT);
        let deadline = Instant::now() + limit;
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX).max(1);
        let head_start = HEAD_START.min(limit / 2 / count);
        let mut outcomes = vec![Outcome::NoAnswer; self.0.len()];
        let mut waiting = self.0.iter().copied().enumerate();
        // Dropped, it ends what is still under way.
        let mut under_way = JoinSet::new();
        loop {
            if let Some((place, address)) = waiting.next() {
                under_way.spawn(async move { (place, connect(address).await) });
            } else if under_way.is_empty() {
                break;
            }
            let is_last = waiting.len() == 0;
            let until = if is_last { deadline } else { deadline.min(Instant::now() + head_start) };
            match timeout_at(until, under_way.join_next()).await {
                Ok(Some(Ok((_, Ok(stream))))) => return Ok(stream),
                Ok(Some(Ok((place, Err(error))))) => outcomes[place] = Outcome::of(&error),
                Err(_) if Instant::now() >= deadline => break,
                // A head start is over; nothing here panics, or is ended before its time.
                Err(_) | Ok(Some(Err(_)) | None) => {}
            }
        }
        let attempts = self.0.iter().zip(outcomes);
        let attempts = attempts.map(|(address, outcome)| Attempt { address: *address, outcome });
        Err(DialError::Unreached(attempts.collect()))
    }
}

/// In the order of the system, but with its families in turn.
impl FromIterator<SocketAddr> for Addresses {
    fn from_iter<I: IntoIterator<Item = SocketAddr>>(addresses: I) -> Self {
        Self(order::in_turn(addresses))
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // The end of a text would wait until the other side has acknowledged what went before, which
    // it puts off.
    stream.set_nodelay(true)?;
    Ok(stream)
}
