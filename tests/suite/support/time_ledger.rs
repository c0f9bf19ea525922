//! The time ledger: what the desk writes into it, and what is read of it.

mod bad_requests;
mod charging;
mod concurrent;
mod correcting;
mod granting;
mod listing;
mod merging;
mod own_ledger;
mod repeating;
mod sequences;

use gestan_account_proto::{support::v1::GrantTimeResponse, v1::TimeEntry};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{Desk, Member, TestServer, grant};

const EMAIL: &str = "jeanne@exemple.fr";

/// A server with an account, and an admin.
async fn one_account() -> (TestServer, Member, Desk) {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    (server, member, desk)
}

/// Buys time; gives the entry.
async fn buy(desk: &mut Desk, account_id: u32, minutes: i32) -> TimeEntry {
    let granted = desk.grant_time(grant(account_id, minutes)).await.expect("it is granted");
    let GrantTimeResponse { entry, .. } = granted.into_inner();
    entry.expect("an entry")
}
