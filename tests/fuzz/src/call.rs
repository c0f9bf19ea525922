//! A call as bytes.
//!
//! The first byte has the RPC in its low three bits, and in the others what
//! goes with it; the ninth RPC is told by both tokens, which no call brings. With
//! [`HEADERS`], three headers follow, each a byte of length and that many bytes. All
//! the rest is the protobuf message.

use tonic::metadata::{AsciiMetadataValue, MetadataMap};

/// Headers follow.
pub const HEADERS: u8 = 1 << 3;
/// The link token of the machine that was linked last is sent.
pub const LINKED: u8 = 1 << 4;
/// The support key is sent.
pub const SUPPORT: u8 = 1 << 5;
/// A minute goes by before the call.
pub const LATER: u8 = 1 << 6;
/// Mail is sent before the call.
pub const MAIL: u8 = 1 << 7;

/// The RPCs, in the order of their numbers.
pub const RPCS: [&str; 9] = [
    "Create",
    "Confirm",
    "SetPassword",
    "RegisterExisting",
    "Get",
    "Update",
    "Unlink",
    "ResendPassword",
    "ListTimeEntries",
];

/// The headers that the service reads.
const NAMES: [&str; 3] = ["authorization", "accept-language", "x-forwarded-for"];

/// A call, not yet decoded.
#[derive(Debug)]
pub struct RawCall<'a> {
    first: u8,
    /// Its headers, as far as HTTP allows them.
    pub metadata: MetadataMap,
    /// Its message.
    pub message: &'a [u8],
}

impl<'a> RawCall<'a> {
    /// Takes bytes apart; `None` when there are too few.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&first, mut message) = bytes.split_first()?;
        let mut metadata = MetadataMap::new();
        if first & HEADERS != 0 {
            for name in NAMES {
                let (&length, rest) = message.split_first()?;
                let (value, rest) = rest.split_at_checked(usize::from(length))?;
                message = rest;
                if let Ok(value) = AsciiMetadataValue::try_from(value)
                    && length > 0
                {
                    metadata.append(name, value);
                }
            }
        }
        Some(Self { first, metadata, message })
    }

    /// The number of the RPC.
    #[must_use]
    pub fn rpc(&self) -> usize {
        if self.has(LINKED) && self.has(SUPPORT) { 8 } else { usize::from(self.first & 7) }
    }

    /// Whether the first byte has this bit.
    #[must_use]
    pub fn has(&self, bit: u8) -> bool {
        self.first & bit != 0
    }
}

/// The bytes of a call; with headers unless all are empty.
#[must_use]
pub fn encode(rpc: u8, bits: u8, headers: [&str; 3], message: &impl prost::Message) -> Vec<u8> {
    let has_headers = headers.iter().any(|value| !value.is_empty());
    let mut bytes = vec![rpc | bits | if has_headers { HEADERS } else { 0 }];
    for value in headers.iter().filter(|_| has_headers) {
        bytes.push(u8::try_from(value.len()).expect("a short header"));
        bytes.extend_from_slice(value.as_bytes());
    }
    message.encode(&mut bytes).expect("room enough");
    bytes
}
