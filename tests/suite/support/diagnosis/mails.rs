//! Mails that do not arrive, by real mail servers.

use gestan_account_proto::support::v1::FindingKind::{
    CodeExpired, CodeWaits, EmailPending, MailDelayed, MailExpired, MailRefused, NoAccount, Opening,
};
use gestan_account_tests::{SmtpPeer, TestServer, TestServerOptions, change_email};
use jiff::SignedDuration;

use super::{EMAIL, OTHER, by_address, by_id, finding, found, seconds_left, told, words};

async fn server_with(peer: &SmtpPeer) -> TestServer {
    let options = TestServerOptions { mailer: Some(peer.mailer()), ..Default::default() };
    TestServer::start_with(options).await
}

#[tokio::test]
async fn a_refused_mail_is_found_with_the_servers_answer() {
    let peer = SmtpPeer::start(&["--rcpt", "550 5.1.1 no jeanne@exemple.fr here"]).await;
    let server = server_with(&peer).await;
    server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(5));
    let (french, english) = told(&server, by_address(EMAIL)).await;
    assert_eq!(super::kinds(&french), [MailRefused, Opening]);
    assert_eq!(
        finding(&french, MailRefused).text,
        "Le serveur de courriel a refusé l’adresse du client (550 5.1.1), il y a 5 min. Faites-la \
         épeler : si elle est fausse, le client recommence avec la bonne ; si elle n’existe plus, \
         voyez StartEmailChange."
    );
    let text = &finding(&english, MailRefused).text;
    assert!(text.contains("(550 5.1.1), 5 min ago. Have it spelt"), "{text}");
    assert_eq!((french.account_id, french.mails.len(), french.codes.len()), (0, 1, 1));
    let mail = &french.mails[0];
    assert_eq!(
        (&*mail.kind, &*mail.state, &*mail.masked_recipient, mail.attempts, &*mail.last_error),
        ("open_account", "failed", "j•••@e•••.fr", 1, "550 5.1.1")
    );
    assert_eq!((mail.next_attempt_time, seconds_left(&server, mail.end_time)), (None, -300));
}

#[tokio::test]
async fn a_full_mailbox_is_found_until_the_next_try_and_no_more_once_it_took_the_mail() {
    let peer = SmtpPeer::start(&["--rcpt", "452 4.2.2 full", "--times", "1"]).await;
    let server = server_with(&peer).await;
    server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    let (french, english) = told(&server, by_address(EMAIL)).await;
    assert_eq!(super::kinds(&french), [MailDelayed, Opening]);
    let delayed = finding(&french, MailDelayed);
    let until = seconds_left(&server, delayed.until);
    assert!((1..=5).contains(&until), "{until}");
    assert!(delayed.text.starts_with("La boîte du client est pleine (452 4.2.2)"), "{delayed:?}");
    let text = &finding(&english, MailDelayed).text;
    assert!(text.starts_with("The customer’s mailbox is full (452 4.2.2)"), "{text}");
    let mail = &french.mails[0];
    assert_eq!((&*mail.state, mail.next_attempt_time), ("pending", delayed.until));

    server.advance(SignedDuration::from_secs(10));
    server.deliver_mail().await;
    assert_eq!(found(&server, by_address(EMAIL)).await, [CodeWaits, Opening]);
}

#[tokio::test]
async fn a_mail_that_is_put_off_for_another_reason_is_told_so() {
    let peer = SmtpPeer::start(&["--rcpt", "451 4.3.0 later"]).await;
    let mut server = server_with(&peer).await;
    server.leaves_mail();
    server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    let (french, english) = words(&server, by_address(EMAIL), MailDelayed).await;
    assert!(french.starts_with("Le serveur de courriel fait attendre (451 4.3.0)"), "{french}");
    assert!(english.starts_with("The mail server puts us off (451 4.3.0)"), "{english}");
}

/// With nobody to hand mails to, it is first delayed, and then expired; so is its code.
#[tokio::test]
async fn a_mail_server_that_is_away_is_told_and_what_it_lets_expire() {
    let peer = SmtpPeer::start(&[]).await;
    let server = server_with(&peer).await;
    peer.stop().await;
    server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    let (french, english) = words(&server, by_address(EMAIL), MailDelayed).await;
    assert!(french.starts_with("Nos courriels ne partent pas (connection)"), "{french}");
    assert!(english.starts_with("Our mails do not leave (connection)"), "{english}");

    server.advance(SignedDuration::from_hours(25));
    server.deliver_mail().await;
    let (french, english) = told(&server, by_address(EMAIL)).await;
    assert_eq!(super::kinds(&french), [NoAccount, MailExpired, CodeExpired]);
    let text = &finding(&french, MailExpired).text;
    assert!(text.contains("n’a pas pu être remis à temps") && text.contains("SendCode"), "{text}");
    let text = &finding(&english, MailExpired).text;
    assert!(text.contains("could not be delivered in time"), "{text}");
}

/// Of each mailbox the last try counts: the notice to an address that is dead is no news of
/// the new one.
#[tokio::test]
async fn the_mailbox_in_place_and_the_pending_one_are_told_apart() {
    let mut server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    server.advance(SignedDuration::from_mins(1));
    let peer = SmtpPeer::start(&["--rcpt", "550 5.1.1 gone", "--to", EMAIL]).await;
    server.outbox.mailer = peer.mailer();
    member.update(change_email(OTHER)).await;
    server.deliver_mail().await;
    let whose = by_id(member.account_id);
    assert_eq!(found(&server, whose).await, [MailRefused, CodeWaits, EmailPending]);
}

/// An address that an account asks for may be another one's, with mails of its own.
#[tokio::test]
async fn mails_of_another_account_are_not_among_those_of_one_that_wants_its_address() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    server.open_account(OTHER, 2).await;
    server.advance(SignedDuration::from_mins(5));
    member.update(change_email(OTHER)).await;
    server.deliver_mail().await;
    let (answer, _) = told(&server, by_id(member.account_id)).await;
    let kinds: Vec<&str> = answer.mails.iter().map(|mail| &*mail.kind).collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["confirm_email", "email_change_requested", "open_account", "welcome"]);
}
