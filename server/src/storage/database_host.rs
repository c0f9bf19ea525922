//! Reaches the host of a PostgreSQL database whose name stands for several addresses, of which the
//! first may not answer.
//!
//! The driver (sqlx) takes a name, and tries its addresses one after the other, each for as long
//! as the system tries: two minutes. So the addresses are dialled here, before it. While the one
//! that the driver would take anyway answers, it is left to the driver. Else the driver is led by
//! a detour; to give it the address instead of the name would end in a certificate that is checked
//! for an address, and names none.

use std::{fmt::Display, time::Duration};

use gestan_account_dial::Addresses;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::{pool::CloseEvent, postgres::PgConnectOptions};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

/// How long to wait before a host that has refused is dialled again.
const PAUSE: Duration = Duration::from_millis(100);

/// What keeps a way open that is not the driver's own. Where there are no Unix sockets there is no
/// such way, and the driver tries what the system gives it.
#[cfg(unix)]
type Detour = super::detour::Detour;
#[cfg(not(unix))]
type Detour = ();

/// How the driver comes to a database, for as long as this is kept.
#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) options: PgConnectOptions,
    detour: Option<Detour>,
}

impl Dialled {
    /// Finds an address that answers, within `limit`; the options that are given lead there. A
    /// host that refuses is tried again for as long as `patience` lasts: a database that starts
    /// refuses connections at first.
    pub(super) async fn find(
        options: PgConnectOptions,
        patience: Duration,
        limit: Duration,
    ) -> Result<Self, DbErr> {
        let (host, port) = (options.get_host(), options.get_port());
        let is_socket = options.get_socket().is_some() || host.starts_with('/');
        if is_socket || is_drivers_choice(host, port, patience, limit).await? {
            return Ok(Self { options, detour: None });
        }
        Self::by_detour(options)
    }

    #[cfg(unix)]
    fn by_detour(options: PgConnectOptions) -> Result<Self, DbErr> {
        let host = options.get_host();
        let detour = Detour::open(host, options.get_port()).map_err(|error| {
            unreachable(&format_args!(
                "no way to the addresses of {host} that answer: no socket can be made in {}: \
                 {error}; set TMPDIR to a folder that this program may write",
                std::env::temp_dir().display()
            ))
        })?;
        Ok(Self { options: options.socket(detour.folder()), detour: Some(detour) })
    }

    #[cfg(not(unix))]
    fn by_detour(options: PgConnectOptions) -> Result<Self, DbErr> {
        Ok(Self { options, detour: None })
    }

    /// Leaves the way open until the pool that uses it is closed.
    pub(super) fn keep_until(self, closed: CloseEvent) {
        if self.detour.is_some() {
            tokio::spawn(async move {
                closed.await;
                drop(self);
            });
        }
    }
}

/// Whether the driver by itself would take an address that answers.
async fn is_drivers_choice(
    host: &str,
    port: u16,
    patience: Duration,
    limit: Duration,
) -> Result<bool, DbErr> {
    let begun = Instant::now();
    let left = || limit.saturating_sub(begun.elapsed());
    loop {
        let addresses = Addresses::look_up(host, port, left()).await;
        let addresses = addresses.map_err(|error| unreachable(&error))?;
        match addresses.dial(left()).await {
            Ok(stream) => return Ok(is_first(&addresses, &stream)),
            Err(error) if error.is_refusal() && begun.elapsed() < patience => sleep(PAUSE).await,
            Err(error) => return Err(unreachable(&error)),
        }
    }
}

fn unreachable(why: &dyn Display) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why.to_string()))
}

/// Whether it is the first address that answered, and would be the first the next time, too. Of
/// several addresses of one family, name servers give now this one first, now that one.
fn is_first(addresses: &Addresses, stream: &TcpStream) -> bool {
    let Some((first, others)) = addresses.as_slice().split_first() else { return false };
    let is_alone = others.iter().all(|other| other.is_ipv6() != first.is_ipv6());
    is_alone && stream.peer_addr().is_ok_and(|answered| answered == *first)
}
