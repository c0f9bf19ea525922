//! Between a row of `challenge` and the domain.

use super::super::{
    account::account_id, bytes, entity::challenge::Model, error::StorageError, from_millis,
    to_millis,
};
use crate::{
    credentials::hasher::CodeSalt,
    domain::{
        email_address::EmailAddress,
        locale::Locale,
        machine::{Machine, MachineId, MachineName},
    },
    model::challenge::{Challenge, IssuedTicket, Purpose, Spent},
};

const CREATE: &str = "create";
const RESEND_PASSWORD: &str = "resend_password";
const CHANGE_EMAIL: &str = "change_email";

impl TryFrom<&Challenge> for Model {
    type Error = StorageError;

    fn try_from(challenge: &Challenge) -> Result<Self, StorageError> {
        let (purpose, account_id) = match challenge.purpose {
            Purpose::Create => (CREATE, None),
            Purpose::ResendPassword => (RESEND_PASSWORD, None),
            Purpose::ChangeEmail(account_id) => (CHANGE_EMAIL, Some(account_id.to_db())),
        };
        let profile = serde_json::to_string(&challenge.profile);
        let (spent, ticket) = (challenge.spent.as_ref(), challenge.ticket.as_ref());
        Ok(Self {
            id: challenge.id,
            purpose: purpose.to_owned(),
            account_id,
            email: Some(challenge.email.as_typed().to_owned()),
            email_key: Some(challenge.email.key().to_owned()),
            machine_id: challenge.machine.id.uuid(),
            machine_name: challenge.machine.name.as_str().to_owned(),
            locale: challenge.locale.tag().to_owned(),
            profile: profile.map_err(|_| StorageError::damaged("profile"))?,
            salt: challenge.salt.salt.to_vec(),
            hash_params: challenge.salt.params.to_string(),
            seed: challenge.seed.map(|seed| seed.to_vec()),
            wrong_tries: challenge.wrong_tries,
            account_wrong_tries: challenge.account_wrong_tries,
            create_time: to_millis(challenge.create_time),
            expire_time: to_millis(challenge.expire_time),
            spent_time: spent.map(|spent| to_millis(spent.time)),
            spent_code_id: spent.map(|spent| spent.code_id),
            spent_call: spent.map(|spent| spent.call.to_vec()),
            outcome_account_id: spent.map(|spent| spent.account_id.to_db()),
            outcome_account_existed: spent.map(|spent| spent.account_existed),
            ticket_digest: ticket.map(|ticket| ticket.digest.clone()),
            ticket_expire_time: ticket.map(|ticket| to_millis(ticket.expire_time)),
            ticket_spent_time: ticket.and_then(|ticket| ticket.spent_time).map(to_millis),
        })
    }
}

impl TryFrom<Model> for Challenge {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        let purpose = match (row.purpose.as_str(), row.account_id) {
            (CREATE, None) => Purpose::Create,
            (RESEND_PASSWORD, None) => Purpose::ResendPassword,
            (CHANGE_EMAIL, Some(id)) => Purpose::ChangeEmail(account_id(id)?),
            _ => return Err(StorageError::damaged("purpose")),
        };
        let profile =
            serde_json::from_str(&row.profile).map_err(|_| StorageError::damaged("profile"))?;
        let spent =
            match (row.spent_time, row.spent_code_id, row.spent_call, row.outcome_account_id) {
                (Some(time), Some(code_id), Some(call), Some(id)) => Some(Spent {
                    time: from_millis(time),
                    code_id,
                    call: bytes(&call, "spent_call")?,
                    account_id: account_id(id)?,
                    account_existed: row.outcome_account_existed.unwrap_or_default(),
                }),
                _ => None,
            };
        let ticket = row.ticket_digest.zip(row.ticket_expire_time);
        Ok(Self {
            id: row.id,
            purpose,
            // None was once written for nobody.
            email: EmailAddress::from_db(
                row.email.unwrap_or_default(),
                row.email_key.unwrap_or_default(),
            ),
            machine: Machine {
                id: MachineId::from_db(row.machine_id),
                name: MachineName::from_db(row.machine_name),
            },
            locale: Locale::from_db(&row.locale),
            profile,
            salt: code_salt(&row.salt, &row.hash_params)?,
            seed: row.seed.map(|seed| bytes(&seed, "seed")).transpose()?,
            wrong_tries: row.wrong_tries,
            account_wrong_tries: row.account_wrong_tries,
            create_time: from_millis(row.create_time),
            expire_time: from_millis(row.expire_time),
            spent,
            ticket: ticket.map(|(digest, expire_time)| IssuedTicket {
                digest,
                expire_time: from_millis(expire_time),
                spent_time: row.ticket_spent_time.map(from_millis),
            }),
        })
    }
}

/// What a challenge's codes are hashed with.
pub(super) fn code_salt(salt: &[u8], params: &str) -> Result<CodeSalt, StorageError> {
    let params = params.parse().map_err(|_| StorageError::damaged("hash_params"))?;
    Ok(CodeSalt { salt: bytes(salt, "salt")?, params })
}
