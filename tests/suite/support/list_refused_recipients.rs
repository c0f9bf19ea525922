//! ListRefusedRecipients: the customers whom no mail reaches, and how they leave the list.

use gestan_account_client::v1::Account;
use gestan_account_proto::support::v1::{
    ListRefusedRecipientsRequest, ListRefusedRecipientsResponse, RefusedRecipient, SendCodeRequest,
};
use gestan_account_server::{domain::role::Role, mail::mailer::SendError};
use gestan_account_tests::{Desk, TestServer, Told, change, creation, execute, rows, uuid};
use jiff::SignedDuration;
use sea_orm::TryGetable as _;
use tonic::Code;

async fn page(desk: &mut Desk, page_size: i32, page_token: &str) -> ListRefusedRecipientsResponse {
    let page_token = page_token.to_owned();
    let request = ListRefusedRecipientsRequest { page_size, page_token };
    desk.list_refused_recipients(request).await.expect("every role may").into_inner()
}

async fn list(desk: &mut Desk) -> Vec<RefusedRecipient> {
    let page = page(desk, 0, "").await;
    assert_eq!(page.next_page_token, "");
    page.recipients
}

/// The next mail is refused because of its recipient.
fn refuse(server: &TestServer) {
    server.mailbox().fail_next(SendError::Permanent { detail: "550 5.1.1".to_owned() });
}

/// An agent has a code mailed to an account, three minutes after anything before.
async fn mail_a_code(server: &TestServer, desk: &mut Desk, account_id: u32) {
    server.advance(SignedDuration::from_mins(30));
    let request = SendCodeRequest { account_id, ..Default::default() };
    desk.send_code(request).await.expect("it is sent");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_refused_recipient_is_listed_until_a_mail_server_takes_a_mail_for_it() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Agent).await;
    assert_eq!(list(&mut desk).await, []);

    refuse(&server);
    mail_a_code(&server, &mut desk, member.account_id).await;
    let listed = list(&mut desk).await;
    let [refused] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((refused.account_id, &*refused.answer), (member.account_id, "550 5.1.1"));
    assert_eq!(refused.masked_recipient, "j•••@e•••.fr");
    let shown = format!("{refused:?}");
    assert!(!shown.contains("jeanne") && !shown.contains("exemple"), "{shown}");
    let now = server.accounts.clock.now().as_second();
    assert_eq!(refused.refuse_time.expect("a time").seconds, now);
    // Once for a recipient, however many mails it was that were refused.
    refuse(&server);
    mail_a_code(&server, &mut desk, member.account_id).await;
    let again = list(&mut desk).await;
    assert_eq!(again.len(), 1, "{again:?}");
    assert_ne!(again[0].mail_id, refused.mail_id, "the last one");

    // The next mail is tried all the same, and is taken.
    mail_a_code(&server, &mut desk, member.account_id).await;
    assert_eq!(list(&mut desk).await, []);
}

#[tokio::test]
async fn what_is_put_off_or_given_up_is_no_refusal() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut desk = server.desk(Role::Agent).await;
    server
        .mailbox()
        .fail_next(SendError::Temporary { detail: "451 4.3.0".to_owned(), definite: true });
    mail_a_code(&server, &mut desk, member.account_id).await;
    assert_eq!(list(&mut desk).await, [], "put off");
    server.advance(SignedDuration::from_mins(16));
    assert_eq!(server.deliver_mail().await, 1);
    mail_a_code(&server, &mut desk, member.account_id).await;
    let given_up = "UPDATE outbox_mail SET state = 'failed', uncertain_attempts = 3, \
                    last_error = 'timeout'";
    execute(server.db(), given_up).await;
    assert_eq!(list(&mut desk).await, [], "perhaps it was taken");
}

#[tokio::test]
async fn an_address_that_waits_to_be_confirmed_leads_to_its_account_and_one_of_nobody_to_none() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut desk = server.desk(Role::Reader).await;
    let email = Account { email: "jeane@exemple.org".to_owned(), ..Default::default() };
    member.update(change(&["email"], email)).await;
    // The notice to the old address goes first, or last: the one to the new one is refused.
    server.deliver_mail().await;
    let refused = "UPDATE outbox_mail SET state = 'failed', last_error = '550 5.1.1: mx.exemple' \
                   WHERE recipient = 'jeane@exemple.org'";
    execute(server.db(), refused).await;
    server.client.create(creation(7)).await.expect("Create is answered");
    refuse(&server);
    server.advance(SignedDuration::from_mins(1));
    server.deliver_mail().await;

    let listed = list(&mut desk).await;
    let shown: Vec<_> =
        listed.iter().map(|r| (r.account_id, &*r.masked_recipient, &*r.answer)).collect();
    let pending = (member.account_id, "j•••@e•••.org", "550 5.1.1");
    assert_eq!(shown, [(0, "c•••@e•••.fr", "550 5.1.1"), pending]);
}

#[tokio::test]
async fn pages_of_refused_recipients_follow_each_other_without_a_gap_also_at_one_moment() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    for number in 1..=7 {
        server.client.create(creation(number)).await.expect("Create is answered");
        refuse(&server);
    }
    server.deliver_mail().await;
    let mut desk = server.desk(Role::Billing).await;
    let all = list(&mut desk).await;
    assert_eq!(all.len(), 7);
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let page = page(&mut desk, 3, &token).await;
        assert!(page.recipients.len() <= 3);
        paged.extend(page.recipients);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
    let most = page(&mut desk, i32::MAX, "").await;
    assert_eq!(most.recipients, all);
}

#[tokio::test]
async fn a_list_is_an_event_without_a_recipient_and_bad_fields_are_told() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut agent = server.desk(Role::Agent).await;
    refuse(&server);
    mail_a_code(&server, &mut agent, member.account_id).await;
    let mut desk = server.desk(Role::Reader).await;
    list(&mut desk).await;
    let events = "SELECT fields, actor_kind FROM audit_event \
                  WHERE action = 'list_refused_recipients' AND account_id = 0";
    let events = rows(server.db(), events).await;
    let told: Vec<[String; 2]> = events
        .iter()
        .map(|row| [0, 1].map(|at| String::try_get_by_index(row, at).expect("a text")))
        .collect();
    assert_eq!(told, [["hits:1".to_owned(), "support_key".to_owned()]]);

    let long = "A".repeat(513);
    for (page_size, token, field, reason) in [
        (-1, "", "page_size", "OUT_OF_RANGE"),
        (0, "AAAA", "page_token", "MISMATCH"),
        (0, "é", "page_token", "MISMATCH"),
        (0, &*uuid(1), "page_token", "MISMATCH"),
        (0, &*long, "page_token", "TOO_LONG"),
    ] {
        let request = ListRefusedRecipientsRequest { page_size, page_token: token.to_owned() };
        let told = Told::by(desk.list_refused_recipients(request).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"), "{token}");
        assert_eq!(told.fields, [(field.to_owned(), reason.to_owned())], "{token}");
    }
}
