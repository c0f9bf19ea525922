//! Between the messages of the testing service and domain types.

use std::time::Duration;

use gestan_account_proto::testing::v1;
use jiff::Timestamp;

use super::encode::timestamp;
use crate::{
    domain::{
        email_address::EmailAddress,
        violation::{Problem, Violations},
    },
    mail::{
        mailer::Received,
        message::{CodeInMail, CodeKind},
    },
    testing::LONGEST_ADVANCE,
};

/// [`LONGEST_ADVANCE`], as it is told.
const LONGEST_DAYS: i32 = 3_660;

pub(in crate::grpc) fn get_code(request: &v1::GetCodeRequest) -> Result<EmailAddress, Violations> {
    EmailAddress::parse(&request.email).map_err(|problem| Violations::one("email", problem))
}

pub(in crate::grpc) fn advance_clock(
    request: &v1::AdvanceClockRequest,
) -> Result<Duration, Violations> {
    let by = match request.by.as_ref() {
        None => Err(Problem::Required),
        // A negative one is none of the standard library's, nor is one whose parts disagree.
        Some(by) => match (u64::try_from(by.seconds), u32::try_from(by.nanos)) {
            (Ok(seconds), Ok(nanos @ 0..1_000_000_000)) => Ok(Duration::new(seconds, nanos)),
            _ => Err(out_of_range()),
        },
    };
    by.and_then(|by| if by > LONGEST_ADVANCE { Err(out_of_range()) } else { Ok(by) })
        .map_err(|problem| Violations::one("by", problem))
}

fn out_of_range() -> Problem {
    Problem::DurationOutOfRange { max_days: LONGEST_DAYS }
}

pub(in crate::grpc) fn clock_advanced(now: Timestamp) -> v1::AdvanceClockResponse {
    v1::AdvanceClockResponse { now: Some(timestamp(now)) }
}

impl From<Received> for v1::GetCodeResponse {
    fn from(Received { subject, code, .. }: Received) -> Self {
        let CodeInMail { kind, code, account_id, request_time, expire_time } = code;
        Self {
            code,
            kind: v1::CodeKind::from(kind).into(),
            account_id: account_id.unwrap_or_default(),
            subject,
            request_time: Some(timestamp(request_time)),
            expire_time: Some(timestamp(expire_time)),
        }
    }
}

impl From<CodeKind> for v1::CodeKind {
    fn from(kind: CodeKind) -> Self {
        match kind {
            CodeKind::OpenAccount => Self::OpenAccount,
            CodeKind::AccountExists => Self::AccountExists,
            CodeKind::PersonalCode => Self::PersonalCode,
            CodeKind::SupportCode => Self::SupportCode,
            CodeKind::ConfirmEmail => Self::ConfirmEmail,
            CodeKind::SupportConfirmEmail => Self::SupportConfirmEmail,
        }
    }
}
