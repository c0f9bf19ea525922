//! What an operator does with a queued mail, beside servers that send: has it sent once more,
//! or drops it. Both are events of the account that the mail is about, if it is about one.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    audit::{self, Action, Actor},
    domain::account_id::AccountId,
    mail::letter::Letter,
    model::{
        challenge::{Challenge, Purpose},
        queued_mail::{MailState, QueuedMail},
    },
    storage::{
        account, challenge,
        database::Database,
        error::StorageError,
        maintenance,
        outbox_mail::{
            self,
            operator::{self, drop_unsent, enqueue_anew},
        },
        transaction::Transaction,
    },
};

/// What is to be done with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// To send it once more.
    Retry,
    /// To end it unsent.
    Drop,
}

/// What came of it.
#[derive(Debug)]
pub enum Handled {
    /// It is done.
    Done(QueuedMail),
    /// It is not, for the state that the mail is in.
    NotFrom(MailState),
    /// It is not: the code that the mail would bring is of no use any more.
    CodeIsOver,
    /// There is no such mail.
    Unknown,
}

/// Carries out an order.
///
/// # Errors
/// A [`StorageError`], and nothing has changed.
pub async fn handle(
    db: &Database,
    order: Order,
    id: Uuid,
    actor: Actor,
    now: Timestamp,
) -> Result<Handled, StorageError> {
    db.retry(|| async {
        let transaction = db.begin().await?;
        let handled = handle_in(&transaction, order, id, actor, now).await?;
        match handled {
            Handled::Done(_) => transaction.commit().await?,
            _ => transaction.rollback().await?,
        }
        Ok(handled)
    })
    .await
}

async fn handle_in(
    transaction: &Transaction,
    order: Order,
    id: Uuid,
    actor: Actor,
    now: Timestamp,
) -> Result<Handled, StorageError> {
    let Some(mail) = operator::find_for_update(transaction, id, now).await? else {
        return Ok(Handled::Unknown);
    };
    let permitted = match order {
        Order::Retry => mail.state.may_be_retried(),
        Order::Drop => mail.state.may_be_dropped(),
    };
    if !permitted {
        return Ok(Handled::NotFrom(mail.state));
    }
    let letter = Letter::from_json(&mail.letter).ok();
    let challenge = find_challenge(transaction, letter.as_ref()).await?;
    let action = match order {
        Order::Retry => {
            let Some(expire_time) = renewed(&mail, letter.as_ref(), challenge.as_ref(), now) else {
                return Ok(Handled::CodeIsOver);
            };
            enqueue_anew(transaction, &mail, expire_time, now).await?;
            Action::RetryMail
        }
        Order::Drop => {
            if Letter::is_forgotten(&mail.letter) {
                outbox_mail::delete(transaction, vec![mail.id]).await?;
                maintenance::mark(transaction, now).await?;
            } else {
                drop_unsent(transaction, &mail, now).await?;
            }
            Action::DropMail
        }
    };
    let account_id = account_id(transaction, letter.as_ref(), challenge.as_ref()).await?;
    if let Some(account_id) = account_id {
        audit::record(transaction, account_id, &action, actor, now).await?;
    }
    Ok(Handled::Done(mail))
}

/// The account that a mail is about; none when there is none yet.
///
/// # Errors
/// A [`StorageError`].
pub async fn find_account(
    db: &impl ConnectionTrait,
    mail: &QueuedMail,
) -> Result<Option<AccountId>, StorageError> {
    let letter = Letter::from_json(&mail.letter).ok();
    let challenge = find_challenge(db, letter.as_ref()).await?;
    account_id(db, letter.as_ref(), challenge.as_ref()).await
}

async fn find_challenge(
    db: &impl ConnectionTrait,
    letter: Option<&Letter>,
) -> Result<Option<Challenge>, StorageError> {
    match letter {
        Some(Letter::Code { challenge_id, .. }) => challenge::find(db, *challenge_id).await,
        Some(Letter::Notice(_)) | None => Ok(None),
    }
}

async fn account_id(
    db: &impl ConnectionTrait,
    letter: Option<&Letter>,
    challenge: Option<&Challenge>,
) -> Result<Option<AccountId>, StorageError> {
    let named = match (letter, challenge.map(|challenge| challenge.purpose)) {
        (Some(Letter::Notice(notice)), _) => AccountId::parse(notice.account_id()),
        (_, Some(Purpose::ChangeEmail(id))) => Some(id),
        _ => None,
    };
    match (named, challenge) {
        (Some(id), _) => Ok(account::find(db, id).await?.map(|account| account.id)),
        (None, Some(challenge)) => account::find_id_by_email(db, challenge.email.key()).await,
        (None, None) => Ok(None),
    }
}

/// Until when a mail that is sent once more is of use: a code as long as its challenge waits
/// for it, a notice as long as it was at first.
fn renewed(
    mail: &QueuedMail,
    letter: Option<&Letter>,
    challenge: Option<&Challenge>,
    now: Timestamp,
) -> Option<Timestamp> {
    match (letter, challenge) {
        (Some(Letter::Code { .. }), None) => None,
        (_, Some(challenge)) if !challenge.wants_mail(now) => None,
        _ if mail.expire_time > now => Some(mail.expire_time),
        (_, Some(challenge)) => Some(challenge.expire_time),
        _ => Some(mail.renewed_expire_time(now)),
    }
}
