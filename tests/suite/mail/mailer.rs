//! How a mail URL is read, and how each step of an SMTP dialogue that fails is
//! judged.

use std::time::SystemTime;

use gestan_account_server::mail::{
    mailer::{Envelope, Mailer, SendError, Sender, SmtpOptions},
    message::Message,
};
use gestan_account_tests::{SmtpPeer, impatient};
use tokio::net::TcpListener;

use super::scripted::Scripted;

pub(super) const FROM: &str = "Gestan <compte@gestan.example>";
pub(super) const TO: &str = "marie@exemple.fr";

pub(super) fn envelope(to: &str) -> Envelope {
    Envelope {
        message_id: "1@gestan.example".to_owned(),
        to: to.to_owned(),
        date: SystemTime::UNIX_EPOCH,
        message: Message {
            language: "fr",
            subject: "Sujet".to_owned(),
            reply_to: None,
            text: "Texte".to_owned(),
            html: "<p>Texte</p>".to_owned(),
        },
        code: None,
    }
}

fn mailer(url: &str) -> Mailer {
    Mailer::from_url(url, FROM, &impatient()).unwrap()
}

fn temporary(detail: &str, definite: bool) -> Result<(), SendError> {
    Err(SendError::Temporary { detail: detail.to_owned(), definite })
}

fn permanent(detail: &str) -> Result<(), SendError> {
    Err(SendError::Permanent { detail: detail.to_owned() })
}

/// A server that says what no proper server does: at `step` it answers with
/// `reply`; CLOSE hangs up, HANG is silent.
async fn server(step: &'static str, reply: &'static str) -> String {
    Scripted::doing(step, reply).await.url
}

async fn outcome(step: &'static str, reply: &'static str) -> Result<(), SendError> {
    mailer(&server(step, reply).await).send(&envelope(TO)).await
}

#[tokio::test]
async fn only_a_refusal_of_the_recipient_is_permanent() {
    for (step, reply, detail) in [
        ("RCPT", "550 5.1.1 <marie@exemple.fr>: unknown", "550 5.1.1"),
        ("RCPT", "553 marie@exemple.fr 5.1.3", "553"),
        ("RCPT", "550 no such user", "550"),
        ("RCPT", "551 not here", "551"),
        ("RCPT", "550 5.0.0 no", "550 5.0.0"),
        ("RCPT", "550 4.7.1 of another class", "550 4.7.1"),
        ("RCPT", "571 5.1.0 no", "571 5.1.0"),
        ("RCPT", "552-5.2.2 full\r\n552 5.2.2 still full", "552 5.2.2"),
        ("RCPT", "556 5.1.10 no mail here", "556 5.1.10"),
        ("DATA", "550 5.1.2 no such host", "550 5.1.2"),
        ("TEXT", "550 5.1.3 no address", "550 5.1.3"),
        ("TEXT", "550 5.1.6 moved", "550 5.1.6"),
        ("TEXT", "554 5.2.1 disabled", "554 5.2.1"),
        ("TEXT", "552 5.2.3 too long for it", "552 5.2.3"),
    ] {
        assert_eq!(outcome(step, reply).await, permanent(detail), "{step} {reply}");
    }
}

#[tokio::test]
async fn a_fault_that_the_operator_or_time_can_mend_is_temporary() {
    for (step, reply, detail) in [
        ("GREET", "554 5.3.2 no service", "554 5.3.2"),
        ("EHLO", "550 go away", "550"),
        ("MAIL", "550 5.7.1 compte@gestan.example refused", "550 5.7.1"),
        ("MAIL", "530 5.7.0 authenticate", "530 5.7.0"),
        ("RCPT", "530 5.7.0 authenticate", "530 5.7.0"),
        ("RCPT", "421 4.3.2 closing", "421 4.3.2"),
        ("MAIL", "550 5.1.1 even so", "550 5.1.1"),
        ("MAIL", "550 5.1.8 no such sender", "550 5.1.8"),
        ("MAIL", "552 quota", "552"),
        ("RCPT", "535 5.1.1 log in", "535 5.1.1"),
        ("RCPT", "550 5.1.7 sender", "550 5.1.7"),
        ("RCPT", "550 5.1.8 sender's host", "550 5.1.8"),
        ("RCPT", "554 5.7.1 relaying denied", "554 5.7.1"),
        ("RCPT", "550 5.7.25 no reverse name", "550 5.7.25"),
        ("RCPT", "530 5.7.0 log in", "530 5.7.0"),
        ("RCPT", "550 5.7.8 wrong password", "550 5.7.8"),
        ("RCPT", "550 5.4.5 daily quota of the sender", "550 5.4.5"),
        ("RCPT", "554 5.3.2 no service", "554 5.3.2"),
        ("RCPT", "503 5.5.1 out of order", "503 5.5.1"),
        ("RCPT", "501 bad syntax", "501"),
        ("RCPT", "552 storage", "552"),
        ("RCPT", "554 no", "554"),
        ("DATA", "554 5.5.1 no valid recipients", "554 5.5.1"),
        ("DATA", "550 no", "550"),
        ("TEXT", "554-5.7.1 spam\r\n554 5.7.1 no", "554 5.7.1"),
        ("TEXT", "552 5.3.4 too long for all", "552 5.3.4"),
        ("TEXT", "554 5.6.0 contents", "554 5.6.0"),
        ("TEXT", "550 no", "550"),
        ("TEXT", "554 no", "554"),
        ("DATA", "452 4.3.1 full", "452 4.3.1"),
        ("TEXT", "451 4.3.0 later", "451 4.3.0"),
    ] {
        assert_eq!(outcome(step, reply).await, temporary(detail, true), "{step} {reply}");
    }
}

#[tokio::test]
async fn a_lost_reply_to_the_text_leaves_open_whether_the_mail_was_taken() {
    for (step, reply, detail, definite) in [
        ("TEXT", "HANG", "timeout", false),
        ("TEXT", "CLOSE", "connection", false),
        ("TEXT", "354 more", "protocol", false),
        ("DATA", "250 taken already", "protocol", true),
        ("TEXT", "nonsense", "protocol", false),
        ("RCPT", "HANG", "timeout", true),
        ("GREET", "HANG", "timeout", true),
        ("RCPT", "CLOSE", "connection", true),
        ("RCPT", "250-one\r\n251 two", "protocol", true),
    ] {
        assert_eq!(outcome(step, reply).await, temporary(detail, definite), "{step} {reply}");
    }
}

#[tokio::test]
async fn nobody_there_is_temporary() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let refused = mailer(&format!("smtp://127.0.0.1:{port}")).send(&envelope(TO)).await;
    let told = format!("connection: 127.0.0.1:{port}: connection refused");
    assert_eq!(refused, temporary(&told, true));
}

#[tokio::test]
async fn what_no_reply_has_caused_is_temporary() {
    let smtp = mailer(&server("", "").await);
    for to in
        ["nobody", "a b@exemple.fr", "a@exemple.fr\r\nBcc: b@exemple.fr", "\"a\r\n\"@x.fr", ""]
    {
        for mailer in [&smtp, &Mailer::memory()] {
            let sent = mailer.send(&envelope(to)).await;
            assert_eq!(sent, temporary("invalid address", true), "{to:?}");
        }
    }
    let utf8 = smtp.send(&envelope("é@exemple.fr")).await;
    assert_eq!(utf8, temporary("smtputf8 not offered", true));
    assert_eq!(smtp.send(&envelope(TO)).await, Ok(()));
}

#[test]
fn a_sender_is_read_as_the_operator_means_it_or_refused_at_start() {
    for (text, domain) in [
        ("compte@gestan.example", "gestan.example"),
        (" Gestan <compte@gestan.example> \r\n", "gestan.example"),
        ("compte@gestan.example\n", "gestan.example"),
        ("Société Gestan <compte@été.example>", "xn--t-9fab.example"),
    ] {
        assert_eq!(text.parse::<Sender>().unwrap().domain(), domain, "{text:?}");
        assert!(Mailer::from_url("smtp://m", text, &SmtpOptions::default()).is_ok(), "{text:?}");
    }
    for text in [
        "",
        "nobody",
        "é@gestan.example",
        "\"a b\"@gestan.example",
        "Gestan\n<a@b.example>",
        "a@b.example\nBcc: c@d.example",
        "a@b.example, c@d.example",
        "a b@c.example",
        "a@b example",
        "a@exa_mple.example",
        "a@",
    ] {
        assert!(text.parse::<Sender>().is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn a_mail_from_an_international_domain_is_sent_in_ascii() {
    let peer = SmtpPeer::start(&["--ascii-only"]).await;
    let url = format!("smtp://127.0.0.1:{}", peer.port());
    let from = "Gestan <compte@été.example>\n";
    let mailer = Mailer::from_url(&url, from, &impatient()).unwrap();
    assert_eq!(mailer.send(&envelope(TO)).await, Ok(()));
    let mail = &peer.stop().await[0];
    assert_eq!(mail.fact("sender"), Some("compte@xn--t-9fab.example"));
    assert_eq!(mail.header("From"), "Gestan <compte@xn--t-9fab.example>");
}

#[test]
fn urls_are_read_as_the_operator_means_them() {
    for (url, shown) in [
        ("smtp://mail.example", r#"host: "mail.example", port: 25, protection: Clear"#),
        ("smtp://[::1]:2525/", r#"host: "::1", port: 2525, protection: Clear"#),
        (
            "smtp+starttls://u:p%40ss@m.example",
            r#"host: "m.example", port: 587, protection: StartTls"#,
        ),
        ("smtps://u:p@m.example", r#"host: "m.example", port: 465, protection: Tls"#),
    ] {
        assert_eq!(
            format!("{:?}", mailer(url)),
            format!("Smtp(Smtp([Relay {{ {shown}, .. }}]))"),
            "{url}"
        );
    }
}

#[test]
fn bad_urls_and_senders_are_refused_without_being_shown() {
    for url in [
        "",
        "mail.example",
        "http://m",
        "smtp://",
        "smtp://m:0",
        "smtp://m:70000",
        "smtp://m:x",
        "smtp://u:hunter2@m",
        "smtps://hunter2@m",
        "smtps://u:hunter2%zz@m",
        "smtps://:hunter2@m",
        "smtps://u:hunter2@",
        "smtps://u:hunter2@m/path",
        "smtps://m?x=1",
        "smtps://m?ca=",
        "smtp://m?ca=/x",
        "smtps://m?ca=/nowhere/ca.pem",
        "smtps://m?ca=/etc/hostname",
        "smtp://[::1",
        "smtp://a b",
        "smtp://m\r\n",
    ] {
        let error = Mailer::from_url(url, FROM, &SmtpOptions::default()).expect_err(url);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error:?}");
    }
    assert!(Mailer::from_url("smtp://m", "nobody", &SmtpOptions::default()).is_err());
    assert!(
        Mailer::from_url("smtp://m", "Société Gestan <a@b.example>", &SmtpOptions::default())
            .is_ok()
    );
}
