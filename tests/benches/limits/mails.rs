//! The outbox at work, and its mailer alone, beside lettre alone.

use std::time::{Duration, Instant, SystemTime};

use gestan_account_server::mail::{
    mailer::{Envelope, Mailer, SmtpOptions},
    message,
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor, message::MultiPart,
    transport::smtp::PoolConfig,
};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    Effort,
    creations::create,
    figure::{Goal, Table},
    load::connect,
    sink::Sink,
    world::World,
};

/// Mails that the server sends at once.
const AT_ONCE: usize = 8;

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let cheap = [("HASH_MEMORY_KIB", "8"), ("HASH_PASSES", "1")];
    let figure = ("mails with a code, hashes aside", "mails/s", "lettre alone");
    let limit = async || lettre_alone(effort.mails).await;
    let ours = async || outbox(effort.mails, &cheap).await;
    table.compare(effort, figure, Goal::AtLeast(0.8), ours, limit).await;
    let figure = ("mails with a code", "mails/s", "lettre alone");
    let ours = async || outbox(effort.mails.min(500), &[]).await;
    table.compare(effort, figure, Goal::None, ours, limit).await;
}

/// The mailer beside lettre's own transport, the outbox aside.
pub(crate) async fn measure_mailer(effort: Effort, table: &mut Table) {
    let figure = ("mails handed over, the outbox aside", "mails/s", "lettre alone");
    let limit = async || lettre_alone(effort.mails).await;
    let ours = async || mailer_alone(effort.mails).await;
    table.compare(effort, figure, Goal::AtLeast(5.0), ours, limit).await;
}

/// Mails a second of a server whose outbox holds as many.
async fn outbox(mails: u64, settings: &[(&str, &str)]) -> f64 {
    let sink = Sink::shut().await;
    let url = sink.url();
    let mut settings = settings.to_vec();
    settings.push(("MAIL_URL", &url));
    let world = World::start(1, &settings).await;
    let connections = connect(&world.server.url(), 1).await;
    let mut calls = JoinSet::new();
    for number in 0..mails {
        calls.spawn(create(connections[0].client.clone(), number));
        if calls.len() >= 64 {
            calls.join_next().await;
        }
    }
    calls.join_all().await;
    sink.let_in();
    rate(&sink, mails).await
}

/// Mails a second of the outbox' mailer, with as many connections.
async fn mailer_alone(mails: u64) -> f64 {
    let sink = Sink::open().await;
    let from = "Gestan <compte@gestan.example>";
    let mailer = Mailer::from_url(&sink.url(), from, &SmtpOptions::default()).expect("a mailer");
    let mut sending = JoinSet::new();
    for sender in 0..AT_ONCE as u64 {
        let mailer = mailer.clone();
        sending.spawn(async move {
            for number in (sender..mails).step_by(AT_ONCE) {
                mailer.send(&envelope(number)).await.expect("it is taken");
            }
        });
    }
    let rate = rate(&sink, mails).await;
    sending.join_all().await;
    rate
}

/// Mails a second of lettre's own pool, with as many connections.
async fn lettre_alone(mails: u64) -> f64 {
    let sink = Sink::open().await;
    let pool = PoolConfig::new().max_size(AT_ONCE as u32);
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.port())
        .pool_config(pool)
        .build();
    let mut sending = JoinSet::new();
    for sender in 0..AT_ONCE as u64 {
        let transport = transport.clone();
        sending.spawn(async move {
            for number in (sender..mails).step_by(AT_ONCE) {
                transport.send(mail(number)).await.expect("it is taken");
            }
        });
    }
    let rate = rate(&sink, mails).await;
    sending.join_all().await;
    rate
}

/// About as long as a real one, in text and in HTML.
fn bodies() -> (String, String) {
    let text = "Votre code personnel : ABCD-EFGH-JKMN. ".repeat(30);
    let html = format!("<html><body><p>{}</p></body></html>", "Votre code personnel. ".repeat(150));
    (text, html)
}

fn envelope(number: u64) -> Envelope {
    let (text, html) = bodies();
    let subject = "Votre code personnel".to_owned();
    Envelope {
        message_id: format!("{number}@gestan.example"),
        to: format!("nouveau{number}@exemple.fr"),
        date: SystemTime::UNIX_EPOCH,
        message: message::Message { language: "fr", subject, reply_to: None, text, html },
        code: None,
    }
}

fn mail(number: u64) -> Message {
    let (text, html) = bodies();
    let address = format!("nouveau{number}@exemple.fr");
    Message::builder()
        .from("Gestan <compte@gestan.example>".parse().expect("an address"))
        .to(address.parse().expect("an address"))
        .subject("Votre code personnel")
        .multipart(MultiPart::alternative_plain_html(text, html))
        .expect("a mail")
}

/// Counted from the first tenth on, when everything is under way.
async fn rate(sink: &Sink, mails: u64) -> f64 {
    while sink.taken() < mails / 10 {
        sleep(Duration::from_millis(1)).await;
    }
    let (start, before) = (Instant::now(), sink.taken());
    while sink.taken() < mails {
        sleep(Duration::from_millis(1)).await;
    }
    (mails - before) as f64 / start.elapsed().as_secs_f64()
}
