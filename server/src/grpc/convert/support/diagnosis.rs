//! What keeps a customer out, as a message.

use gestan_account_proto::support::v1 as proto;

use super::super::{encode::timestamp, fields::account_id};
use crate::{
    accounts::support::{
        CodeAsked, CodeFinding, Diagnose, DiagnoseAccount, Diagnosed, Finding, FindingKind,
        MailSent,
    },
    domain::{
        account_id::AccountId,
        email_address::EmailAddress,
        locale::Locale,
        violation::{Problem, Violations},
    },
    grpc::texts,
};

pub(in crate::grpc) fn diagnose_account(
    request: &proto::DiagnoseAccountRequest,
) -> Result<DiagnoseAccount, Violations> {
    let mut violations = Violations::default();
    let whose = match (account_id(request.account_id), request.email.trim()) {
        (Some(id), "") => Some(Diagnose::Account(id)),
        (None, "") => {
            violations.add("account_id", Problem::Required);
            None
        }
        (None, email) => {
            violations.check("email", EmailAddress::parse(email)).map(Diagnose::Address)
        }
        (Some(_), _) => {
            violations.add("email", Problem::Conflict { with: "account_id" });
            None
        }
    };
    whose.map(|whose| DiagnoseAccount { whose }).ok_or(violations)
}

pub(in crate::grpc) fn diagnosed(
    diagnosed: Diagnosed,
    locale: Locale,
) -> proto::DiagnoseAccountResponse {
    let now = diagnosed.time;
    let finding = |finding: &Finding| proto::Finding {
        kind: kind(&finding.kind).into(),
        text: texts::finding(finding, now, locale),
        time: finding.time.map(timestamp),
        until: finding.until.map(timestamp),
    };
    proto::DiagnoseAccountResponse {
        findings: diagnosed.findings.iter().map(finding).collect(),
        account_id: diagnosed.account_id.map(AccountId::number).unwrap_or_default(),
        mails: diagnosed.mails.into_iter().map(mail).collect(),
        codes: diagnosed.codes.iter().map(code).collect(),
    }
}

fn kind(kind: &FindingKind) -> proto::FindingKind {
    use proto::FindingKind as Kind;
    match kind {
        FindingKind::NoAccount => Kind::NoAccount,
        FindingKind::Merged { .. } => Kind::Merged,
        FindingKind::Erased { .. } => Kind::Erased,
        FindingKind::MailRefused { .. } => Kind::MailRefused,
        FindingKind::MailDelayed { .. } => Kind::MailDelayed,
        FindingKind::MailExpired => Kind::MailExpired,
        FindingKind::Code(CodeFinding::Waits { .. }) => Kind::CodeWaits,
        FindingKind::Code(CodeFinding::Expired { .. }) => Kind::CodeExpired,
        FindingKind::Code(CodeFinding::Spent { .. }) => Kind::CodeSpent,
        FindingKind::Code(CodeFinding::TriesSpent { .. }) => Kind::CodeTriesSpent,
        FindingKind::PasswordsLimited(_) => Kind::PasswordsLimited,
        FindingKind::CodesLimited(_) => Kind::CodesLimited,
        FindingKind::MailsLimited => Kind::MailsLimited,
        FindingKind::NoPassword => Kind::NoPassword,
        FindingKind::NoMachine => Kind::NoMachine,
        FindingKind::EmailPending { .. } => Kind::EmailPending,
        FindingKind::Opening { .. } => Kind::Opening,
        FindingKind::Nothing(_) => Kind::Unspecified,
    }
}

pub(super) fn mail(sent: MailSent) -> proto::Mail {
    proto::Mail {
        id: sent.id.to_string(),
        kind: sent.kind.to_owned(),
        state: sent.state.to_owned(),
        masked_recipient: sent.masked_recipient,
        create_time: Some(timestamp(sent.create_time)),
        attempts: sent.attempts,
        next_attempt_time: sent.next_attempt_time.map(timestamp),
        end_time: sent.end_time.map(timestamp),
        last_error: sent.last_error.unwrap_or_default(),
    }
}

pub(super) fn code(asked: &CodeAsked) -> proto::CodeRequest {
    let machine = asked.machine.as_ref().map(|name| name.as_str().to_owned());
    proto::CodeRequest {
        challenge_id: asked.challenge_id.to_string(),
        purpose: asked.purpose.to_owned(),
        machine_name: machine.unwrap_or_default(),
        create_time: Some(timestamp(asked.create_time)),
        expire_time: asked.expire_time.map(timestamp),
        spent_time: asked.spent_time.map(timestamp),
        wrong_tries: asked.wrong_tries,
        account_wrong_tries: asked.account_wrong_tries,
    }
}
