//! How many statements each RPC takes, alone and without `BEGIN` and `COMMIT`:
//! what docs/PERFORMANCE.md and docs/SCALING.md reckon with.

use std::{collections::BTreeMap, fs};

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    CancelEmailChangeRequest, DiagnoseAccountRequest, EraseAccountRequest, ExportAccountRequest,
    FindAccountsRequest, GetAccountRequest, ListEventsRequest, ListRefusedRecipientsRequest,
    ListTimeEntriesRequest, MergeAccountsRequest, SendCodeRequest, StartEmailChangeRequest,
    UnlinkMachineRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    PASSWORD, TestServer, change, charge, correction, erase_request, grant, machine,
    process::workspace, uuid,
};

const EMAIL: &str = "jeanne@exemple.fr";

/// How many statements calls have sent since the last look.
fn since(server: &TestServer) -> usize {
    server.take_statements().len()
}

async fn counted() -> BTreeMap<&'static str, usize> {
    let server = TestServer::start().await;
    let mut counts = BTreeMap::new();
    since(&server);
    let created = server.create(EMAIL, 1).await;
    counts.insert("Create", since(&server));
    let code = server.code_to(EMAIL).await;
    since(&server);
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    counts.insert("Confirm", since(&server));
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    counts.insert("SetPassword", since(&server));
    let account = set.account.expect("an account");
    let member = server.member(account, machine(1), &set.link_token);
    server.deliver_mail().await;
    since(&server);
    member.client.get(v1::GetRequest::default()).await.expect("it is answered");
    counts.insert("Get", since(&server));
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    member.update(change(&["city"], city)).await;
    counts.insert("Update", since(&server));
    let joined = server.client.register_existing(v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(2)),
    });
    joined.await.expect("it is linked");
    counts.insert("RegisterExisting", since(&server));
    server.deliver_mail().await;
    since(&server);
    server.resend(member.account_id, 3).await;
    counts.insert("ResendPassword", since(&server));
    server.deliver_mail().await;
    since(&server);
    member.unlink().await.expect("it is detached");
    counts.insert("Unlink", since(&server));
    server.deliver_mail().await;
    counts
}

/// The same of the calls of the support desk.
async fn counted_of_the_desk() -> BTreeMap<&'static str, usize> {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let account_id = member.account_id;
    let other = server.open_account("paul@exemple.fr", 2).await.account_id;
    let mut desk = server.desk(Role::Agent).await;
    // The use of a key is noted once a minute, and counts for no call.
    desk.get_account(GetAccountRequest { account_id: other }).await.expect("it is read");
    let mut counts = BTreeMap::new();
    since(&server);
    desk.get_account(GetAccountRequest { account_id }).await.expect("it is read");
    counts.insert("GetAccount", since(&server));
    let diagnose = DiagnoseAccountRequest { account_id, ..Default::default() };
    desk.diagnose_account(diagnose).await.expect("it is read");
    counts.insert("DiagnoseAccount", since(&server));
    let find = FindAccountsRequest { query: "SARL Jeanne".to_owned(), ..Default::default() };
    desk.find_accounts(find).await.expect("it is answered");
    counts.insert("FindAccounts", since(&server));
    let list = ListEventsRequest { account_id, ..Default::default() };
    desk.list_events(list).await.expect("it is read");
    counts.insert("ListEvents", since(&server));
    let list = ListRefusedRecipientsRequest::default();
    desk.list_refused_recipients(list).await.expect("it is read");
    counts.insert("ListRefusedRecipients", since(&server));
    let send = SendCodeRequest { account_id, ..Default::default() };
    desk.send_code(send).await.expect("a code is sent");
    counts.insert("SendCode", since(&server));
    server.deliver_mail().await;
    since(&server);
    let mut admin = server.desk(Role::Admin).await;
    admin.get_account(GetAccountRequest { account_id }).await.expect("it is read");
    let email = v1::Account { email: "neuve@exemple.fr".to_owned(), ..Default::default() };
    member.update(change(&["email"], email)).await;
    server.deliver_mail().await;
    since(&server);
    let cancel = CancelEmailChangeRequest { account_id };
    admin.cancel_email_change(cancel).await.expect("it is taken back");
    counts.insert("CancelEmailChange", since(&server));
    let start = StartEmailChangeRequest {
        account_id,
        email: "autre@exemple.fr".to_owned(),
        reason: "rappel au siège".to_owned(),
        without_delay: true,
        ..Default::default()
    };
    admin.start_email_change(start).await.expect("it is started");
    counts.insert("StartEmailChange", since(&server));
    let code = server.code_to("autre@exemple.fr").await;
    since(&server);
    let confirm = v1::ConfirmRequest { account_id, code, ..Default::default() };
    server.client.confirm(confirm).await.expect("it is right");
    counts.insert("Confirm(account_id)", since(&server));
    server.deliver_mail().await;
    since(&server);
    let (machine_id, reason) = (uuid(1), "vol".to_owned());
    let unlink = UnlinkMachineRequest { account_id, machine_id, reason, ..Default::default() };
    desk.unlink_machine(unlink).await.expect("it is detached");
    counts.insert("UnlinkMachine", since(&server));
    server.deliver_mail().await;
    since(&server);
    admin.grant_time(grant(account_id, 600)).await.expect("it is granted");
    counts.insert("GrantTime", since(&server));
    let charged = admin.charge_time(charge(account_id, 30)).await.expect("it is charged");
    counts.insert("ChargeTime", since(&server));
    let entry = charged.into_inner().entry.expect("an entry").id;
    admin.correct_time(correction(account_id, entry)).await.expect("it is corrected");
    counts.insert("CorrectTime", since(&server));
    let list = ListTimeEntriesRequest { account_id, ..Default::default() };
    admin.list_time_entries(list).await.expect("it is read");
    counts.insert("ListTimeEntries", since(&server));
    let again = server.register(account_id, 4).await;
    server.deliver_mail().await;
    since(&server);
    let list = v1::ListTimeEntriesRequest::default();
    again.client.list_time_entries(list).await.expect("it is read");
    counts.insert("ListTimeEntries(machine)", since(&server));
    let merge = MergeAccountsRequest {
        from_account_id: other,
        into_account_id: account_id,
        reason: "doublon".to_owned(),
        ..Default::default()
    };
    admin.merge_accounts(merge).await.expect("they are merged");
    counts.insert("MergeAccounts", since(&server));
    server.deliver_mail().await;
    since(&server);
    let export = ExportAccountRequest { account_id, ..Default::default() };
    let copy = admin.export_account(export).await.expect("a copy").into_inner();
    counts.insert("ExportAccount", since(&server));
    let (write_off_minutes, request) = (copy.balance_minutes, erase_request(account_id));
    let request = EraseAccountRequest { write_off_minutes, ..request };
    admin.erase_account(request).await.expect("it is erased");
    counts.insert("EraseAccount", since(&server));
    server.deliver_mail().await;
    counts
}

#[tokio::test]
async fn each_rpc_takes_as_many_statements_as_the_documents_tell() {
    let counted = counted().await;
    assert_told("docs/PERFORMANCE.md", &counted);
    assert_told("docs/SCALING.md", &counted);
    // They are too few for what SCALING reckons with.
    assert_told("docs/PERFORMANCE.md", &counted_of_the_desk().await);
}

fn assert_told(document: &str, counted: &BTreeMap<&'static str, usize>) {
    let text = fs::read_to_string(workspace().join(document)).expect("a document");
    for (rpc, statements) in counted {
        let told = text.lines().filter(|line| line.starts_with(&format!("| `{rpc}` |")));
        let told: Vec<&str> = told.collect();
        assert!(!told.is_empty(), "{document} does not tell of {rpc}, which takes {statements}");
        for line in told {
            let is_told = line.split('|').any(|cell| cell.trim() == statements.to_string());
            assert!(is_told, "{document}: {rpc} takes {statements}: {line}");
        }
    }
}
