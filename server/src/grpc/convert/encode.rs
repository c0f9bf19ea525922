//! What the use cases give, as messages.

use gestan_account_proto::v1;
use jiff::Timestamp;

use crate::{
    accounts::{AccountRead, CodeRequested, Confirmed, PasswordSet, Registered, Updated},
    model::account::Account,
};

pub(super) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// An account as it is at `now`.
pub(super) fn account(account: Account, now: Timestamp) -> v1::Account {
    let etag = account.etag();
    let pending_email = account.shown_pending_email(now).unwrap_or_default().to_owned();
    let profile = account.profile;
    v1::Account {
        id: account.id.number(),
        etag,
        email: account.email.as_typed().to_owned(),
        pending_email,
        company_name: profile.company_name.as_str().to_owned(),
        last_name: profile.last_name.as_str().to_owned(),
        first_name: profile.first_name.as_str().to_owned(),
        address: profile.address.as_str().to_owned(),
        postal_code: profile.postal_code.as_str().to_owned(),
        city: profile.city.as_str().to_owned(),
        country_code: profile.country.alpha3().to_owned(),
        phone: profile.phone.as_str().to_owned(),
        ape_code: profile.ape_code.as_str().to_owned(),
        create_time: Some(timestamp(account.create_time)),
        update_time: Some(timestamp(account.update_time)),
    }
}

impl From<CodeRequested> for v1::CreateResponse {
    fn from(requested: CodeRequested) -> Self {
        Self {
            challenge_id: requested.challenge_id.to_string(),
            code_expire_time: Some(timestamp(requested.code_expire_time)),
            resend_time: Some(timestamp(requested.resend_time)),
            skipped_profile_fields: Vec::new(),
        }
    }
}

impl From<CodeRequested> for v1::ResendPasswordResponse {
    fn from(requested: CodeRequested) -> Self {
        Self {
            challenge_id: requested.challenge_id.to_string(),
            code_expire_time: Some(timestamp(requested.code_expire_time)),
            resend_time: Some(timestamp(requested.resend_time)),
        }
    }
}

impl Confirmed {
    pub(in crate::grpc) fn into_response(self, now: Timestamp) -> v1::ConfirmResponse {
        match self {
            Self::Ticket { account_id, account_existed, ticket, ticket_expire_time } => {
                v1::ConfirmResponse {
                    account_id: account_id.number(),
                    ticket: ticket.reveal().to_owned(),
                    ticket_expire_time: Some(timestamp(ticket_expire_time)),
                    account_existed,
                    account: None,
                }
            }
            Self::EmailChanged(changed) => {
                v1::ConfirmResponse { account: Some(account(*changed, now)), ..Default::default() }
            }
        }
    }
}

impl PasswordSet {
    pub(in crate::grpc) fn into_response(self, now: Timestamp) -> v1::SetPasswordResponse {
        let link_token = self.link_token.map(|token| token.reveal().to_owned());
        v1::SetPasswordResponse {
            account: Some(account(self.account, now)),
            link_token: link_token.unwrap_or_default(),
        }
    }
}

impl Registered {
    pub(in crate::grpc) fn into_response(self, now: Timestamp) -> v1::RegisterExistingResponse {
        v1::RegisterExistingResponse {
            account: Some(account(self.account, now)),
            link_token: self.link_token.reveal().to_owned(),
        }
    }
}

impl AccountRead {
    pub(in crate::grpc) fn into_response(self, now: Timestamp) -> v1::GetResponse {
        let current = self.current.as_ref().map(|link| link.id);
        let machines = self.listed().into_iter().map(|link| v1::LinkedMachine {
            machine: Some(v1::Machine {
                id: link.machine.id.uuid().to_string(),
                name: link.machine.name.as_str().to_owned(),
            }),
            link_time: Some(timestamp(link.link_time)),
            last_seen_time: Some(timestamp(link.last_seen_time)),
            current: current == Some(link.id),
        });
        v1::GetResponse {
            machines: machines.collect(),
            machine_count: self.machines.count,
            time_balance_minutes: self.account.time_balance.number(),
            account: Some(account(self.account, now)),
        }
    }
}

impl Updated {
    pub(in crate::grpc) fn into_response(self, now: Timestamp) -> v1::UpdateResponse {
        v1::UpdateResponse {
            account: Some(account(self.account, now)),
            challenge_id: self.challenge_id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}
