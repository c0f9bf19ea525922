//! How a mail server is talked to: in few writes where it allows that, and never with a text that
//! it must not get.

use gestan_account_server::mail::mailer::{Mailer, SmtpOptions};
use gestan_account_tests::{TestServer, TestServerOptions, count, text};

use super::scripted::{Script, Scripted};

const FROM: &str = "Gestan <compte@gestan.example>";

async fn server_with(peer: &Scripted, options: &SmtpOptions) -> TestServer {
    let mailer = Mailer::from_url(&peer.url, FROM, options).unwrap();
    TestServer::start_with(TestServerOptions { mailer: Some(mailer), ..Default::default() }).await
}

async fn fate(server: &TestServer) -> String {
    let fate =
        "SELECT state || ' ' || attempts || ' ' || coalesce(last_error, '-') FROM outbox_mail";
    text(server.db(), fate).await.expect("a mail")
}

#[tokio::test]
async fn a_server_that_offers_pipelining_hears_all_before_it_answers_and_others_do_not() {
    for offers in
        [&["PIPELINING", "8BITMIME"][..], &["pipelining"], &["8BITMIME"], &["XPIPELINING"]]
    {
        // It answers MAIL when the test says so.
        let script = Script { offers, step: "MAIL", reply: "LATE", ..Script::default() };
        let mut peer = Scripted::start(script).await;
        let server = server_with(&peer, &SmtpOptions::default()).await;
        server.create("jeanne@exemple.fr", 1).await;
        let outbox = server.outbox.clone();
        let sending = tokio::spawn(async move { outbox.drain().await.unwrap() });
        while !peer.hears().await.starts_with("MAIL") {}
        let is_offered = offers[0].eq_ignore_ascii_case("PIPELINING");
        assert_eq!(peer.heard(), Vec::<String>::new());
        peer.take_late(1);
        assert_eq!(sending.await.unwrap(), 1);
        assert_eq!(fate(&server).await, "sent 1 -", "{offers:?}");
        let heard = peer.heard();
        assert_eq!(heard.iter().filter(|said| *said == "DATA").count(), 1, "{heard:?}");
        assert_eq!(peer.heard_ahead(), is_offered, "{offers:?}");
    }
}

#[tokio::test]
async fn a_recipient_refused_under_pipelining_gets_no_text() {
    for (step, reply, then) in [
        ("RCPT", "550 5.1.1 unknown", "failed 1 550 5.1.1"),
        ("RCPT", "451 4.3.0 later", "pending 1 451 4.3.0"),
        ("MAIL", "550 5.7.1 not you", "pending 1 550 5.7.1"),
    ] {
        let offers = &["PIPELINING"];
        let mut peer =
            Scripted::start(Script { offers, step, reply, times: 1, ..Script::default() }).await;
        let mut server = server_with(&peer, &SmtpOptions::default()).await;
        server.leaves_mail();
        server.create("jeanne@exemple.fr", 1).await;
        server.deliver_mail().await;
        // The server has answered DATA by 354 all the same.
        assert_eq!(fate(&server).await, then, "{step} {reply}");
        // The next mail goes over another connection, and neither text nor code of this one
        // does.
        server.create("martin@exemple.fr", 2).await;
        server.deliver_mail().await;
        let heard = peer.heard();
        let greetings = heard.iter().filter(|said| said.starts_with("EHLO")).count();
        assert_eq!(greetings, 2, "{heard:?}");
        let texts: Vec<&String> = heard.iter().filter(|said| said.contains("\r\n")).collect();
        assert_eq!(texts.len(), 1, "{heard:?}");
        assert!(texts[0].contains("martin@exemple.fr"), "{texts:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_between_two_mails_is_connected_to_again() {
    let script = Script { hangs_up: true, ..Script::default() };
    let peer = Scripted::start(script).await;
    let server = server_with(&peer, &SmtpOptions::default()).await;
    for number in 0..5 {
        server.create(&format!("client{number}@exemple.fr"), number).await;
    }
    assert_eq!(server.deliver_mail().await, 5);
    let sent = "SELECT count(*) FROM outbox_mail WHERE state = 'sent' AND attempts = 1";
    assert_eq!(count(server.db(), sent).await, 5);
}

#[tokio::test]
async fn what_came_before_the_handshake_is_not_believed_after_it() {
    let offers = &["STARTTLS"];
    let script =
        Script { offers, step: "STAR", reply: "220 go\r\n250 so be it", ..Script::default() };
    let mut peer = Scripted::start(script).await;
    peer.url = peer.url.replace("smtp://", "smtp+starttls://");
    let mut server = server_with(&peer, &SmtpOptions::default()).await;
    server.leaves_mail();
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 1 protocol");
}

#[tokio::test]
async fn a_reply_without_end_is_no_reply() {
    for reply in ["250-x\r\n".repeat(1000), format!("250 {}", "x".repeat(100_000))] {
        let peer = Scripted::doing("EHLO", Box::leak(reply.into_boxed_str())).await;
        let mut server = server_with(&peer, &SmtpOptions::default()).await;
        server.leaves_mail();
        server.create("jeanne@exemple.fr", 1).await;
        server.deliver_mail().await;
        assert_eq!(fate(&server).await, "pending 1 protocol");
    }
}

#[tokio::test]
async fn a_server_hears_the_name_that_is_set() {
    for (name, said) in [
        (" mail.gestan.example\n", "EHLO mail.gestan.example"),
        ("été.example", "EHLO xn--t-9fab.example"),
        ("[192.0.2.1]", "EHLO [192.0.2.1]"),
        ("[IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]"),
    ] {
        let mut peer = Scripted::start(Script::default()).await;
        let options = SmtpOptions { hello: name.parse().unwrap(), ..SmtpOptions::default() };
        let server = server_with(&peer, &options).await;
        server.create("jeanne@exemple.fr", 1).await;
        server.deliver_mail().await;
        assert_eq!(peer.hears().await, said);
    }
    for name in ["", "a b", "a\r\nMAIL", "[1.2.3]", "[IPv6:x]", "a_b.example", "."] {
        assert!(
            name.parse::<gestan_account_server::mail::mailer::HelloName>().is_err(),
            "{name:?}"
        );
    }
}
