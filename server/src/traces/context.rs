//! What a call's head says of the trace that it belongs to: `traceparent`, as W3C Trace Context
//! has it, `00-TRACE-SPAN-FLAGS` in hexadecimal.

use tonic::codegen::http::HeaderMap;

/// The trace that a call belongs to.
pub(super) struct TraceContext {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) is_sampled: bool,
}

impl TraceContext {
    /// Reads it; `None` when there is none, or none that is valid.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all("traceparent").iter();
        let line = lines.next()?.to_str().ok()?;
        if lines.next().is_some() {
            return None;
        }
        Self::parse(line)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split('-');
        let [version] = hex::<1>(parts.next()?)?;
        let (trace_id, span_id) = (hex(parts.next()?)?, hex(parts.next()?)?);
        let [flags] = hex::<1>(parts.next()?)?;
        // A later version may have more behind these.
        let is_whole = version != 0 || parts.next().is_none();
        let is_valid = version != 0xff && trace_id != [0; 16] && span_id != [0; 8] && is_whole;
        is_valid.then_some(Self { trace_id, span_id, is_sampled: flags & 1 == 1 })
    }
}

/// Digits in lower case, two a byte.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
