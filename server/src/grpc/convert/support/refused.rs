//! Between the messages of ListRefusedRecipients and domain types.

use gestan_account_proto::support::v1 as proto;

use super::{encode::timestamp, page};
use crate::{
    accounts::support::{ListRefusedRecipients, RecipientShown, RefusedListed},
    domain::{account_id::AccountId, violation::Violations},
};

pub(in crate::grpc) fn list_refused_recipients(
    request: &proto::ListRefusedRecipientsRequest,
) -> Result<ListRefusedRecipients, Violations> {
    let mut violations = Violations::default();
    let page_size = violations.check("page_size", page::size(request.page_size));
    let after = violations.check("page_token", page::refused_after(&request.page_token));
    match (page_size, after) {
        (Some(page_size), Some(after)) => Ok(ListRefusedRecipients { page_size, after }),
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn refused_listed(
    listed: RefusedListed,
) -> proto::ListRefusedRecipientsResponse {
    let next = listed.next.map(page::refused_token);
    proto::ListRefusedRecipientsResponse {
        recipients: listed.recipients.into_iter().map(recipient).collect(),
        next_page_token: next.unwrap_or_default(),
    }
}

fn recipient(shown: RecipientShown) -> proto::RefusedRecipient {
    proto::RefusedRecipient {
        account_id: shown.account_id.map(AccountId::number).unwrap_or_default(),
        masked_recipient: shown.masked_recipient,
        refuse_time: Some(timestamp(shown.time)),
        answer: shown.answer,
        mail_id: shown.mail_id.to_string(),
    }
}
