//! Mail: whether the relay lets this server in, and whether mails are stuck.

use std::time::SystemTime;

use jiff::Timestamp;
use uuid::Uuid;

use super::finding::{Finding, certificate_remedy};
use crate::{
    domain::email_address::EmailAddress,
    mail::{
        mailer::{Envelope, Mailer, SendError},
        message::Message,
    },
    model::queued_mail::MailState,
    settings::mail::MailSettings,
    storage::{database::Database, outbox_mail::operator},
};

const AREA: &str = "mail";

/// Goes as far as the relay's word that it takes mails from this server, and on if there is a
/// mail to send.
pub(super) async fn examine(
    settings: &MailSettings,
    send_to: Option<&EmailAddress>,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) {
    // To make its mailer would make the folder.
    if settings.is_in_files() {
        findings.push(Finding::warning(
            AREA,
            "mails are put into files: no customer gets one",
            "set MAIL_URL to a relay, such as smtps://USER:PASSWORD@HOST",
        ));
        return;
    }
    if settings.is_sender_invalid().unwrap_or_default() {
        findings.push(Finding::problem(
            AREA,
            "the sender is that of a first trial (gestan.invalid): relays refuse it",
            "set MAIL_FROM to an address of yours",
        ));
    }
    let mailer = match settings.mailer() {
        Ok(mailer) => mailer,
        Err(error) => {
            let what = format!("{error:#}");
            findings.push(Finding::problem(AREA, what, "see MAIL_URL in the operator's guide"));
            return;
        }
    };
    let Mailer::Smtp(smtp) = &mailer else { return };
    let outcomes = smtp.try_out().await;
    for (relay, outcome) in ["the relay", "the fallback"].into_iter().zip(&outcomes) {
        findings.push(match outcome {
            Ok(()) => Finding::ok(AREA, format!("{relay} takes mails from this server")),
            Err(error) => refused(relay, error),
        });
    }
    if !outcomes.iter().any(Result::is_ok) {
        return;
    }
    if let Some(address) = send_to {
        // On the heap: it holds some 20 KiB across its waits.
        let sent = Box::pin(mailer.send(&test_mail(address, now))).await;
        findings.push(match sent {
            Ok(()) => Finding::ok(
                AREA,
                "the relay took a test mail; look there at `Authentication-Results` for SPF, DKIM \
                 and DMARC",
            ),
            Err(error) => refused("the relay", &error),
        });
    }
}

/// Mails that a person has to look at.
pub(super) async fn stuck(db: &Database, now: Timestamp) -> Finding {
    let mut counted = Vec::new();
    for state in [MailState::Failed, MailState::Expired, MailState::Deferred] {
        match operator::find_ids(&db.read(), state, now).await {
            Ok(ids) if ids.is_empty() => {}
            Ok(ids) => counted.push(format!("{} {state}", ids.len())),
            Err(error) => {
                let what = format!("the outbox cannot be read: {error}");
                return Finding::problem(AREA, what, "look at the database first");
            }
        }
    }
    if counted.is_empty() {
        return Finding::ok(AREA, "no mail has failed, expired, or is deferred");
    }
    Finding::warning(
        AREA,
        format!("mails of this week: {}", counted.join(", ")),
        "`outbox list --state failed` tells why, and so for the other states",
    )
}

fn refused(relay: &str, error: &SendError) -> Finding {
    let detail = match error {
        SendError::Temporary { detail, .. } | SendError::Permanent { detail } => detail,
    };
    let what = format!("{relay} does not take mails from this server: {detail}");
    Finding::problem(AREA, what, remedy(detail))
}

/// What helps, by the class of the failure or the relay's code.
fn remedy(detail: &str) -> String {
    if let Some(remedy) = certificate_remedy(detail, "MAIL_URL", "?ca=FILE") {
        return remedy;
    }
    let has = |part: &str| detail.contains(part);
    let remedy = if has("tls:") || has("starttls not offered") {
        "smtps:// is port 465, smtp+starttls:// is port 587"
    } else if has("535") || has("5.7.8") || has("534") || has("auth") {
        "user and password in MAIL_URL are wrong, or the relay takes them in no way known here"
    } else if has("530") || has("5.7.0") || has("5.7.1") {
        "the relay wants a user and a password, or does not relay for this address: see its manual"
    } else if has("connection") || has("timeout") {
        "look at host and port in MAIL_URL, and at firewalls on the way: many block port 25"
    } else {
        "the code is the relay's: its manual, or its log, says what it means"
    };
    remedy.to_owned()
}

fn test_mail(to: &EmailAddress, now: Timestamp) -> Envelope {
    let text = "Ceci est un essai d’envoi de votre serveur de comptes Gestan.\n\n\
                This is a test mail of your Gestan account server.\n";
    let html = format!("<!DOCTYPE html><p>{}</p>", text.trim().replace("\n\n", "</p><p>"));
    let message = Message {
        language: "fr",
        subject: "Essai d’envoi / Test mail".to_owned(),
        reply_to: None,
        text: text.to_owned(),
        html,
    };
    Envelope {
        message_id: format!("{}@gestan-account-server.invalid", Uuid::from_u128(test_id(now))),
        to: to.deliverable().to_owned(),
        date: SystemTime::try_from(now).unwrap_or(SystemTime::UNIX_EPOCH),
        message,
        code: None,
    }
}

/// One mail in a millisecond is enough to tell tests apart.
fn test_id(now: Timestamp) -> u128 {
    u128::from(now.as_millisecond().unsigned_abs())
}
