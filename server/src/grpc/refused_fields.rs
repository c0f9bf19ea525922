//! The bad fields that a refusal names. The details of a refusal travel in one header
//! block, and what stands between the caller and this server takes so much of one and no
//! more: what does not fit is counted, so that no refusal ends as a fault of a proxy.

use tonic_types::FieldViolation;

use super::texts;
use crate::domain::{
    locale::Locale,
    violation::{Violation, Violations},
};

/// How many bytes the violations of a refusal may have. nginx takes 4 KiB of headers
/// from a server (a page, by its `grpc_buffer_size`) and answers 502 for more, which
/// callers take for `UNAVAILABLE` and repeat. In base64 these are 2,870 bytes; the rest
/// of the refusal, counted as HTTP/2 counts headers, stays below 1,000, and what the call is
/// called takes 120.
const MAX_BYTES: usize = 2_150;

/// What a violation takes beside its texts: tags and lengths.
const FRAME_BYTES: usize = 12;

/// The violations that fit into a refusal, and how many do not.
pub(super) struct RefusedFields {
    pub(super) named: Vec<FieldViolation>,
    pub(super) left_out: usize,
}

impl RefusedFields {
    /// `reason` says what is wrong with a field for a program.
    pub(super) fn of(
        violations: &Violations,
        locale: Locale,
        reason: impl Fn(&Violation) -> &'static str,
    ) -> Self {
        let (mut named, mut left_out, mut bytes_left) = (Vec::new(), 0, MAX_BYTES);
        for violation in violations.iter() {
            // The description is in the caller's language. The same text again as
            // `localized_message` would double what a violation takes.
            let mut field =
                FieldViolation::new(&violation.field, texts::violation(&violation.problem, locale));
            reason(violation).clone_into(&mut field.reason);
            let bytes =
                field.field.len() + field.description.len() + field.reason.len() + FRAME_BYTES;
            if let Some(rest) = bytes_left.checked_sub(bytes) {
                bytes_left = rest;
                named.push(field);
            } else {
                left_out += 1;
            }
        }
        Self { named, left_out }
    }
}
