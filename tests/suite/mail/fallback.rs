//! A second mail server takes the mails for while the first is away, and only then.

use std::time::Duration;

use gestan_account_server::mail::mailer::{Mailer, SendError, SmtpOptions, Timeouts};
use gestan_account_tests::{SmtpPeer, impatient};
use tokio::net::TcpListener;

use super::{
    mailer::{FROM, TO, envelope},
    scripted::{Script, Scripted},
};

/// A mailer whose first server is looked for again after `away`.
fn mailer(first: &str, fallback: &str, away: Duration) -> Mailer {
    let usual = impatient();
    let timeouts = Timeouts { away, ..usual.timeouts };
    let options = SmtpOptions { timeouts, ..usual };
    Mailer::from_urls(first, Some(fallback), FROM, &options).unwrap()
}

/// Where nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("smtp://{}", listener.local_addr().unwrap())
}

/// How often each of two servers was asked to take a mail.
fn asked(servers: [&mut Scripted; 2]) -> [usize; 2] {
    servers.map(|server| server.heard().iter().filter(|said| said.starts_with("MAIL")).count())
}

#[tokio::test]
async fn a_mail_goes_to_the_fallback_when_the_first_server_does_not_take_it() {
    for (step, reply) in [
        ("GREET", "554 5.3.2 no service"),
        ("GREET", "HANG"),
        ("EHLO", "CLOSE"),
        ("MAIL", "550 5.7.1 sender refused"),
        ("RCPT", "550 5.4.5 daily quota of the sender"),
        ("RCPT", "554 5.7.1 relaying denied"),
        ("RCPT", "452 too many"),
        ("DATA", "451 4.3.0 later"),
        ("DATA", "CLOSE"),
    ] {
        let first = Scripted::doing(step, reply).await;
        let mut fallback = SmtpPeer::start(&[]).await;
        let url = format!("smtp://127.0.0.1:{}", fallback.port());
        let sent = mailer(&first.url, &url, Duration::from_mins(1)).send(&envelope(TO)).await;
        assert_eq!(sent, Ok(()), "{step} {reply}");
        assert_eq!(fallback.mail().await.to(), [TO], "{step} {reply}");
    }
    let mut fallback = SmtpPeer::start(&[]).await;
    let url = format!("smtp://127.0.0.1:{}", fallback.port());
    let mailer = mailer(&nobody().await, &url, Duration::from_mins(1));
    assert_eq!(mailer.send(&envelope(TO)).await, Ok(()));
    assert_eq!(fallback.mail().await.to(), [TO]);
}

#[tokio::test]
async fn what_is_said_of_the_recipient_holds_for_both_servers() {
    for (step, reply, is_permanent) in [
        ("RCPT", "550 5.1.1 unknown", true),
        ("RCPT", "550 no such user", true),
        ("RCPT", "452 4.2.2 mailbox full", false),
        ("RCPT", "450 busy", false),
        ("DATA", "550 5.1.2 no such host", true),
    ] {
        let first = Scripted::doing(step, reply).await;
        let mut fallback = Scripted::start(Script::default()).await;
        let mailer = mailer(&first.url, &fallback.url, Duration::from_mins(1));
        let refused = mailer.send(&envelope(TO)).await.unwrap_err();
        let told = matches!(refused, SendError::Permanent { .. });
        assert_eq!(told, is_permanent, "{step} {reply}: {refused}");
        assert!(fallback.heard().is_empty(), "{step} {reply}");
    }
}

#[tokio::test]
async fn a_mail_that_the_first_server_may_have_taken_does_not_go_to_the_fallback() {
    for reply in ["CLOSE", "CUT", "451 4.3.0 later"] {
        let first = Scripted::doing("TEXT", reply).await;
        let mut fallback = Scripted::start(Script::default()).await;
        let mailer = mailer(&first.url, &fallback.url, Duration::from_mins(1));
        mailer.send(&envelope(TO)).await.expect_err(reply);
        assert!(fallback.heard().is_empty(), "{reply}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_left_alone_and_then_looked_for_again() {
    let away = Script { step: "MAIL", reply: "451 4.3.0 later", times: 2, ..Script::default() };
    let mut first = Scripted::start(away).await;
    let mut fallback = Scripted::start(Script::default()).await;
    let patient = mailer(&first.url, &fallback.url, Duration::from_hours(1));
    for _ in 0..3 {
        assert_eq!(patient.send(&envelope(TO)).await, Ok(()));
    }
    assert_eq!(asked([&mut first, &mut fallback]), [1, 3]);

    // Looked for with each mail: away once more, then back.
    let eager = mailer(&first.url, &fallback.url, Duration::ZERO);
    for _ in 0..3 {
        assert_eq!(eager.send(&envelope(TO)).await, Ok(()));
    }
    assert_eq!(asked([&mut first, &mut fallback]), [3, 1]);
}

#[tokio::test]
async fn a_fallback_that_is_away_itself_leaves_the_mail_to_whichever_is_back_first() {
    let mut first = Scripted::start(Script {
        step: "MAIL",
        reply: "451 4.3.0 later",
        times: 1,
        ..Script::default()
    })
    .await;
    let mailer = mailer(&first.url, &nobody().await, Duration::from_hours(1));
    let Err(SendError::Temporary { detail, definite: true }) = mailer.send(&envelope(TO)).await
    else {
        panic!("neither takes it")
    };
    assert!(detail.starts_with("451 4.3.0; the other mail server: connection: "), "{detail}");
    // The first is tried although it was found away, because the fallback is.
    assert_eq!(mailer.send(&envelope(TO)).await, Ok(()));
    first.hears_text().await;
}

#[test]
fn a_fallback_is_another_mail_server() {
    let options = SmtpOptions::default();
    for (url, fallback, told) in [
        ("file:data/mail", "smtp://relais.exemple", "a fallback is for a mail URL that names"),
        ("smtp://a.exemple", "file:data/mail", "of the fallback: the mail URL must begin with"),
        ("smtp://a.exemple", "smtp://u:secret@b", "of the fallback: smtp:// sends in the clear"),
    ] {
        let refused = Mailer::from_urls(url, Some(fallback), FROM, &options).unwrap_err();
        let refused = refused.to_string();
        assert!(refused.starts_with(told) && !refused.contains("secret"), "{refused}");
    }
}
