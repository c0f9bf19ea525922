//! MergeAccounts: what is refused, and that a refusal leaves everything as it was.

use gestan_account_proto::support::v1::MergeAccountsRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    TestServer, Told, execute, is_postgres, merge, merge_request, rows, stored,
};
use tonic::Code;

#[tokio::test]
async fn bad_fields_and_unknown_accounts_are_refused_and_nothing_is_done() {
    let server = TestServer::start().await;
    let stays = server.open_account("jeanne@exemple.fr", 1).await.account_id;
    let ends = server.open_account("paul@exemple.fr", 2).await.account_id;
    let mut desk = server.desk(Role::Admin).await;
    let before = stored(&server).await;
    let good = merge_request(ends, stays);
    let with_reason = |reason: &str| MergeAccountsRequest { reason: reason.into(), ..good.clone() };
    let from_etag = "v".repeat(65);
    for (request, bad) in [
        (merge_request(0, stays), vec![("from_account_id", "MALFORMED")]),
        (merge_request(ends, 0), vec![("into_account_id", "MALFORMED")]),
        (merge_request(stays, stays), vec![("into_account_id", "MISMATCH")]),
        (with_reason(""), vec![("reason", "REQUIRED")]),
        (with_reason(" \u{a0}"), vec![("reason", "REQUIRED")]),
        (with_reason(&"é".repeat(201)), vec![("reason", "TOO_LONG")]),
        (with_reason(&"é".repeat(20_000)), vec![("reason", "TOO_LONG")]),
        (with_reason("a\nb"), vec![("reason", "CONTROL_CHARACTER")]),
        (MergeAccountsRequest { from_etag, ..good.clone() }, vec![("from_etag", "TOO_LONG")]),
        (
            MergeAccountsRequest { into_etag: "v\u{0}".to_owned(), ..Default::default() },
            vec![
                ("from_account_id", "MALFORMED"),
                ("into_account_id", "MALFORMED"),
                ("into_etag", "CONTROL_CHARACTER"),
                ("reason", "REQUIRED"),
            ],
        ),
    ] {
        let told = Told::by(desk.merge_accounts(request).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
        let bad: Vec<_> =
            bad.into_iter().map(|(field, why)| (field.to_owned(), why.to_owned())).collect();
        assert_eq!(told.fields, bad);
    }
    for (request, missing) in [
        (merge_request(999, stays), "999"),
        (merge_request(ends, 998), "998"),
        (merge_request(999, 998), "999"),
        (MergeAccountsRequest { validate_only: true, ..merge_request(ends, 998) }, "998"),
    ] {
        let told = Told::by(desk.merge_accounts(request).await);
        assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
        assert_eq!(told.variable("accountId"), Some(missing));
    }
    for (from_etag, into_etag) in [("v9", ""), ("", "v9")] {
        let (from_etag, into_etag) = (from_etag.to_owned(), into_etag.to_owned());
        let request = MergeAccountsRequest { from_etag, into_etag, ..good.clone() };
        let told = Told::by(desk.merge_accounts(request).await);
        assert_eq!(told.why(), (Code::Aborted, "ETAG_MISMATCH"));
        assert!(told.text.contains("Relisez-le avec GetAccount"), "{}", told.text);
    }
    assert_eq!(stored(&server).await, before);
}

#[tokio::test]
async fn an_account_that_was_merged_elsewhere_or_the_other_way_round_is_told_where_it_is() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for number in 1..=4 {
        let email = format!("client{number}@exemple.fr");
        ids.push(server.open_account(&email, number).await.account_id);
    }
    let [first, second, third, fourth] = <[u32; 4]>::try_from(ids).expect("four accounts");
    let (_, key) = server.support_key("Ève", Role::Admin, None).await;
    let mut desk = server.desk_with(Some(key.reveal()), None).await;
    let mut english = server.desk_with(Some(key.reveal()), Some("en")).await;
    merge(&desk, second, first).await;
    let before = stored(&server).await;
    for (from, into, ended, part_of) in [
        // Elsewhere; the other way round; into itself by another name.
        (second, third, second, first),
        (first, second, second, first),
    ] {
        let told = Told::by(desk.merge_accounts(merge_request(from, into)).await);
        assert_eq!(told.why(), (Code::FailedPrecondition, "ALREADY_MERGED"));
        assert_eq!(told.variable("mergedAccountId"), Some(&*ended.to_string()));
        assert_eq!(told.variable("accountId"), Some(&*part_of.to_string()));
        let text = format!("Le compte {ended} fait déjà partie du compte {part_of}.");
        assert!(told.text.starts_with(&text), "{}", told.text);
        let told = Told::by(english.merge_accounts(merge_request(from, into)).await);
        let text = format!("Account {ended} is a part of account {part_of} already.");
        assert!(told.text.starts_with(&text), "{}", told.text);
    }
    assert_eq!(stored(&server).await, before);

    // Into an alias: it leads to the account that stays.
    let merged = merge(&desk, third, second).await;
    assert_eq!(merged.account.expect("an account").id, first);
    // Of an account that has aliases: all of them lead on.
    merge(&desk, first, fourth).await;
    for id in [first, second, third] {
        let again = merge(&desk, id, fourth).await;
        assert_eq!(again.account.expect("an account").id, fourth, "{id}");
        let moved = if id == first { 3 } else { 1 };
        assert_eq!((again.moved_machines, again.joined_machines), (moved, 0), "{id}");
    }
    server.deliver_mail().await;
}

/// Links for as many machines, from `number` on.
async fn link_machines(server: &TestServer, account_id: u32, machines: std::ops::Range<u32>) {
    for number in machines {
        let (uuid, bytes) = (
            format!("00000000-0000-7000-8000-{number:012x}"),
            format!("{account_id:032x}{number:032x}"),
        );
        let (uuid, digest) = if is_postgres() {
            (format!("'{uuid}'"), format!("'\\x{bytes}'"))
        } else {
            (format!("x'{}'", uuid.replace('-', "")), format!("x'{bytes}'"))
        };
        execute(
            server.db(),
            &format!(
                "INSERT INTO link (account_id, machine_id, machine_name, token_digest, link_time, \
                 last_seen_time) VALUES ({account_id}, {uuid}, 'Poste {number}', {digest}, 1, 1)"
            ),
        )
        .await;
    }
}

#[tokio::test]
async fn two_accounts_with_more_than_a_hundred_machines_together_are_not_merged() {
    let server = TestServer::start().await;
    let stays = server.open_account("jeanne@exemple.fr", 1).await.account_id;
    let ends = server.open_account("paul@exemple.fr", 2).await.account_id;
    // Both have twenty of them.
    link_machines(&server, stays, 100..160).await;
    link_machines(&server, ends, 140..199).await;
    let mut desk = server.desk(Role::Admin).await;
    let before = stored(&server).await;
    let look = MergeAccountsRequest { validate_only: true, ..merge_request(ends, stays) };
    for request in [merge_request(ends, stays), look] {
        let told = Told::by(desk.merge_accounts(request).await);
        assert_eq!(told.why(), (Code::FailedPrecondition, "TOO_MANY_MACHINES"));
        assert_eq!(told.variable("accountId"), Some(&*stays.to_string()));
        assert_eq!(told.variable("machineCount"), Some("101"));
        for said in ["101 postes", "100 au plus"] {
            assert!(told.text.contains(said), "{}", told.text);
        }
    }
    assert_eq!(stored(&server).await, before);
    execute(server.db(), "DELETE FROM link WHERE machine_name = 'Poste 100'").await;
    let merged = merge(&desk, ends, stays).await;
    assert_eq!((merged.moved_machines, merged.joined_machines), (40, 20));
    let sql = "SELECT count(*), count(DISTINCT account_id) FROM link WHERE unlink_time IS NULL";
    let row = rows(server.db(), sql).await.remove(0);
    let (links, accounts): (i64, i64) =
        (row.try_get_by_index(0).expect("a number"), row.try_get_by_index(1).expect("a number"));
    assert_eq!((links, accounts), (100, 1));
    server.deliver_mail().await;
}
