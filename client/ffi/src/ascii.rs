//! Writes JSON in ASCII, which is the same in every code page: a host's texts may be in any.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::{
    Value,
    ser::{Formatter, Serializer},
};

/// The text of `value`, in one line.
pub(crate) fn write(value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    // Into memory, a value of JSON always goes.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, Escaping));
    text
}

/// Writes what is not ASCII as its UTF-16 units, the way that JSON has for it.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            // The delete character has no shape in a log.
            if let Ok(byte @ 0..0x7f) = u8::try_from(c) {
                writer.write_all(&[byte])?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_text_holds_is_written_in_ascii_and_read_back() {
        let value = Value::from("é \u{7f} \u{0} \"\\ 🐌 N\u{ee}mes");
        let text = write(&value);
        assert!(text.iter().all(|byte| (b' '..=b'~').contains(byte)), "{text:?}");
        assert!(String::from_utf8_lossy(&text).contains("\\ud83d\\udc0c"));
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value);
    }
}
