//! Crockford's base32 (<https://www.crockford.com/base32.html>): digits and
//! letters without I, L, O and U, so that a text survives being read out.

/// The 32 symbols, by value.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The symbol of the low five bits of `value`.
#[must_use]
pub fn symbol(value: u8) -> u8 {
    ALPHABET[usize::from(value & 31)]
}

/// The value of a symbol as people write it: case is ignored, O is read as 0,
/// I and L as 1. `None` for what is no symbol.
#[must_use]
pub fn value(symbol: u8) -> Option<u8> {
    let symbol = match symbol.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    (0..).zip(ALPHABET).find(|(_, known)| **known == symbol).map(|(value, _)| value)
}

/// Writes bytes as symbols, five bits each, the last one padded with zeros.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut pending, mut bits) = (0_u16, 0_u32);
    for byte in bytes {
        pending = (pending << 8) | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(symbol(low_byte(pending >> bits))));
        }
        pending &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(symbol(low_byte(pending << (5 - bits)))));
    }
    text
}

fn low_byte(word: u16) -> u8 {
    word.to_le_bytes()[0]
}
