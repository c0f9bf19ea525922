//! How a mail URL is read, and how each step of an SMTP dialogue that fails is
//! judged.

use std::time::{Duration, SystemTime};

use gestan_account_server::mail::{
    mailer::{Envelope, Mailer, SendError},
    message::Message,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

const FROM: &str = "Gestan <compte@gestan.example>";
const TO: &str = "marie@exemple.fr";

fn envelope(to: &str) -> Envelope {
    Envelope {
        message_id: "1@gestan.example".to_owned(),
        to: to.to_owned(),
        date: SystemTime::UNIX_EPOCH,
        message: Message {
            language: "fr",
            subject: "Sujet".to_owned(),
            text: "Texte".to_owned(),
            html: "<p>Texte</p>".to_owned(),
        },
    }
}

fn mailer(url: &str) -> Mailer {
    Mailer::from_url(url, FROM, Duration::from_secs(2)).unwrap()
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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(BufReader::new(stream), step, reply));
        }
    });
    format!("smtp://{address}")
}

async fn converse(
    mut stream: BufReader<tokio::net::TcpStream>,
    step: &str,
    reply: &str,
) -> std::io::Result<()> {
    let mut word = "GREET".to_owned();
    loop {
        let answer = match word.as_str() {
            word if word == step => reply,
            "GREET" => "220 hello",
            "EHLO" => "250-hello\r\n250 8BITMIME",
            "DATA" => "354 go on",
            _ => "250 2.0.0 ok",
        };
        match answer {
            "CLOSE" => return Ok(()),
            "HANG" => return stream.read_to_end(&mut Vec::new()).await.map(|_| ()),
            text => stream.write_all(format!("{text}\r\n").as_bytes()).await?,
        }
        let mut line = String::new();
        if word == "DATA" && answer.starts_with('3') {
            while line != ".\r\n" {
                line.clear();
                stream.read_line(&mut line).await?;
            }
            "TEXT".clone_into(&mut word);
        } else if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        } else {
            word = line.get(..4).unwrap_or_default().to_uppercase();
        }
    }
}

async fn outcome(step: &'static str, reply: &'static str) -> Result<(), SendError> {
    mailer(&server(step, reply).await).send(&envelope(TO)).await
}

#[tokio::test]
async fn only_a_refusal_of_this_mail_is_permanent() {
    for (step, reply, detail) in [
        ("RCPT", "550 5.1.1 <marie@exemple.fr>: unknown", "550 5.1.1"),
        ("RCPT", "553 marie@exemple.fr 5.1.3", "553"),
        ("DATA", "554 5.5.1 no valid recipients", "554 5.5.1"),
        ("TEXT", "554-5.7.1 spam\r\n554 5.7.1 no", "554 5.7.1"),
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
        ("TEXT", "CLOSE", "protocol", false),
        ("TEXT", "nonsense", "protocol", false),
        ("RCPT", "HANG", "timeout", true),
        ("GREET", "HANG", "timeout", true),
        ("RCPT", "CLOSE", "protocol", true),
    ] {
        assert_eq!(outcome(step, reply).await, temporary(detail, definite), "{step} {reply}");
    }
}

#[tokio::test]
async fn nobody_there_is_temporary() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let refused = mailer(&format!("smtp://127.0.0.1:{port}")).send(&envelope(TO)).await;
    assert_eq!(refused, temporary("connection", true));
}

#[tokio::test]
async fn an_address_that_cannot_be_is_permanent() {
    let smtp = mailer(&server("", "").await);
    for to in
        ["nobody", "a b@exemple.fr", "a@exemple.fr\r\nBcc: b@exemple.fr", "\"a\r\n\"@x.fr", ""]
    {
        for mailer in [&smtp, &Mailer::memory()] {
            let sent = mailer.send(&envelope(to)).await;
            assert_eq!(sent, permanent("invalid address"), "{to:?}");
        }
    }
    let utf8 = smtp.send(&envelope("é@exemple.fr")).await;
    assert_eq!(utf8, permanent("smtputf8 not offered"));
    assert_eq!(smtp.send(&envelope(TO)).await, Ok(()));
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
        assert_eq!(format!("{:?}", mailer(url)), format!("Smtp(Smtp {{ {shown}, .. }})"), "{url}");
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
        let error = Mailer::from_url(url, FROM, Duration::ZERO).expect_err(url);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error:?}");
    }
    assert!(Mailer::from_url("smtp://m", "nobody", Duration::ZERO).is_err());
    assert!(Mailer::from_url("smtp://m", "Société Gestan <a@b.example>", Duration::ZERO).is_ok());
}
