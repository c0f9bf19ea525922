//! Mail over real SMTP: what arrives, and how it was carried.

use gestan_account_client::v1;
use gestan_account_tests::{
    Received, SmtpPeer, TestServer, TestServerOptions, code_in, machine, rows, uuid,
};

/// A user whose name and password need percent-encoding.
const USER: &[&str] = &["--user", "compte@gestan", "--password", "p@ss:/1 é"];
const USER_IN_URL: &str = "compte%40gestan:p%40ss%3A%2F1%20%C3%A9@";

async fn server_with(mailer: gestan_account_server::mail::mailer::Mailer) -> TestServer {
    TestServer::start_with(TestServerOptions { mailer: Some(mailer), ..Default::default() }).await
}

/// Has a server send a code through `mailer`, and answers with what came.
async fn carried_by(
    peer: &mut SmtpPeer,
    mailer: gestan_account_server::mail::mailer::Mailer,
) -> Received {
    let server = server_with(mailer).await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    assert_eq!(server.deliver_mail().await, 1);
    let mail = peer.mail().await;
    assert_eq!(mail.to(), ["jeanne@exemple.fr"]);
    assert_eq!(mail.fact("sender"), Some("compte@gestan.example"));
    server.confirm(&created.challenge_id, &code_in(mail.text())).await;
    mail
}

#[tokio::test]
async fn a_code_comes_in_the_clear() {
    let mut peer = SmtpPeer::start(&[]).await;
    let mailer = peer.mailer();
    let mail = carried_by(&mut peer, mailer).await;
    assert!(!mail.is_encrypted());
    assert_eq!(mail.fact("user"), None);
    assert!(peer.stop().await.is_empty(), "one mail came, and no more");
}

#[tokio::test]
async fn a_code_comes_over_starttls_and_a_log_in() {
    let mut peer = SmtpPeer::start(&[&["--starttls"], USER].concat()).await;
    let mailer = peer.tls_mailer(&format!("smtp+starttls://{USER_IN_URL}"));
    let mail = carried_by(&mut peer, mailer).await;
    assert!(mail.is_encrypted());
    assert_eq!(mail.fact("user"), Some("compte@gestan"));
    assert!(peer.stop().await.is_empty(), "one mail came, and no more");
}

#[tokio::test]
async fn a_code_comes_over_tls_from_the_first_byte_and_a_log_in() {
    let mut peer = SmtpPeer::start(&[&["--tls"], USER].concat()).await;
    let mailer = peer.tls_mailer(&format!("smtps://{USER_IN_URL}"));
    let mail = carried_by(&mut peer, mailer).await;
    assert!(mail.is_encrypted());
    assert_eq!(mail.fact("user"), Some("compte@gestan"));
    assert!(peer.stop().await.is_empty(), "one mail came, and no more");
}

#[tokio::test]
async fn mails_follow_each_other_on_one_connection_or_many() {
    let mut peer = SmtpPeer::start(&[]).await;
    let server = server_with(peer.mailer()).await;
    for number in 0..10 {
        server.create(&format!("client{number}@exemple.fr"), number).await;
    }
    assert_eq!(server.deliver_mail().await, 10);
    let mut to = Vec::new();
    for _ in 0..10 {
        to.push(peer.mail().await.to().join(","));
    }
    to.sort();
    let expected: Vec<String> = (0..10).map(|n| format!("client{n}@exemple.fr")).collect();
    assert_eq!(to, expected);
}

#[tokio::test]
async fn a_mail_is_well_formed_and_says_what_it_is() {
    let mut peer = SmtpPeer::start(&[]).await;
    let server = server_with(peer.mailer()).await;
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    let mail = peer.mail().await;
    let mut names = mail.header_names();
    names.sort_unstable();
    let expected = [
        "Auto-Submitted",
        "Content-Language",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
        "X-Auto-Response-Suppress",
    ];
    assert_eq!(names, expected);
    let id = rows(server.db(), "SELECT id FROM outbox_mail").await[0]
        .try_get_by_index::<uuid::Uuid>(0)
        .unwrap();
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", "fr"),
        ("Date", "Tue, 24 Nov 2026 08:00:00 +0000"),
        ("From", "Gestan <compte@gestan.example>"),
        ("MIME-Version", "1.0"),
        ("Message-ID", &format!("<{id}@gestan.example>")),
        ("Subject", "Votre code pour ouvrir un compte client Gestan"),
        ("To", "jeanne@exemple.fr"),
        ("X-Auto-Response-Suppress", "All"),
    ] {
        assert_eq!(mail.header(name), value, "{name}");
    }
    assert!(mail.header("Content-Type").starts_with("multipart/alternative;"), "{}", mail.raw());
    let kinds: Vec<&str> = mail.parts().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["text/plain", "text/html"]);
    assert_eq!(mail.defects(), &serde_json::json!([]));

    let (text, html) = (mail.parts()[0].1, mail.parts()[1].1);
    for part in [text, html] {
        assert!(part.contains(&code_in(text)), "{part}");
        assert!(part.contains("Votre code personnel") && part.contains("Caisse 1"), "{part}");
    }
    for line in mail.raw().split("\r\n") {
        assert!(line.len() <= 998 && line.is_ascii() && !line.contains(['\r', '\n']), "{line:?}");
    }
}

#[tokio::test]
async fn a_machine_name_with_a_line_break_is_refused_by_name() {
    let server = TestServer::start().await;
    for name in ["Caisse\r\nBcc: victime@exemple.fr", "Caisse\n1", "Caisse\u{2028}1", "a\u{0}b"] {
        let request = v1::CreateRequest {
            request_id: uuid(1),
            email: "jeanne@exemple.fr".to_owned(),
            machine: Some(v1::Machine { name: name.to_owned(), ..machine(1) }),
            ..Default::default()
        };
        let error = server.client.create(request).await.unwrap_err();
        let rejection = error.rejection().expect("the service refuses");
        assert_eq!(rejection.reason(), v1::ErrorReason::InvalidRequest);
        let fields: Vec<&str> =
            rejection.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["machine.name"], "{name:?}");
    }
}

#[tokio::test]
async fn a_machine_name_adds_no_header_and_no_markup() {
    let mut peer = SmtpPeer::start(&[]).await;
    let server = server_with(peer.mailer()).await;
    // Thirty characters of a name are shown, so it takes two to try everything.
    for (number, name, in_text, in_html) in [
        (1, "<b>Gagné</b> Bcc: v@exemple.fr", "« <b>Gagné</", ["&#60;b&#62;Gagné&#60;/", "Bcc:"]),
        (
            2,
            "=?utf-8?Q?=0D=0A?= &amp; '<b>\"",
            "=?utf-8?Q?=0D=0A?= &amp; '<b>’",
            ["=?utf-8?Q?=0D=0A?=", "&#38;amp; &#39;&#60;b&#62;’"],
        ),
    ] {
        let request = v1::CreateRequest {
            request_id: uuid(number),
            email: format!("jeanne{number}@exemple.fr"),
            machine: Some(v1::Machine { name: name.to_owned(), ..machine(number) }),
            ..Default::default()
        };
        server.client.create(request).await.unwrap();
        server.deliver_mail().await;
        let mail = peer.mail().await;
        assert_eq!(mail.header_names().len(), 10, "{}", mail.raw());
        assert_eq!(mail.to(), [format!("jeanne{number}@exemple.fr")]);
        let (text, html) = (mail.parts()[0].1.replace('\u{a0}', " "), mail.parts()[1].1);
        assert!(text.contains(in_text), "the name is shown as it was typed: {text}");
        assert!(!html.contains("<b>"), "{html}");
        for escaped in in_html {
            assert!(html.contains(escaped), "{escaped} in {html}");
        }
    }
}

#[tokio::test]
async fn a_domain_beyond_ascii_is_sent_to_in_ascii() {
    let mut peer = SmtpPeer::start(&["--ascii-only"]).await;
    let server = server_with(peer.mailer()).await;
    server.create("jeanne@été.fr", 1).await;
    server.deliver_mail().await;
    let mail = peer.mail().await;
    assert_eq!(mail.to(), ["jeanne@xn--t-9fab.fr"]);
    assert_eq!(mail.header("To"), "jeanne@xn--t-9fab.fr");
}
