//! Peppers: secrets that go into every hash and are kept apart from the
//! database, so that a stolen database alone cannot be attacked by guessing.
//! Each has an ID, which the hash names, so that one can follow another.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

/// The longest ID, in bytes: a PHC string of Argon2 has room for no more.
const MAX_ID_BYTES: usize = 8;
/// The shortest pepper, in bytes.
const MIN_SECRET_BYTES: usize = 16;

/// The peppers that are known; none by default. `Debug` hides them.
#[derive(Clone, Default)]
pub struct Peppers(Vec<Pepper>);

#[derive(Clone)]
struct Pepper {
    id: String,
    secret: Zeroizing<Vec<u8>>,
}

impl Peppers {
    /// The ID of the pepper that new hashes take.
    #[must_use]
    pub fn in_force(&self) -> Option<&[u8]> {
        self.0.first().map(|pepper| pepper.id.as_bytes())
    }

    /// The pepper with this ID.
    #[must_use]
    pub fn find(&self, id: &[u8]) -> Option<&[u8]> {
        let pepper = self.0.iter().find(|pepper| pepper.id.as_bytes() == id);
        pepper.map(|pepper| pepper.secret.as_slice())
    }
}

/// Reads one pepper a line, `ID:HEX`, the one in force first. Empty lines and
/// those that begin with `#` are passed over. The error never shows a pepper.
impl FromStr for Peppers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut peppers: Vec<Pepper> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pepper = parse(line).map_err(|why| format!("line {number}: {why}"))?;
            if peppers.iter().any(|other| other.id == pepper.id) {
                return Err(format!("line {number}: this ID is there twice"));
            }
            peppers.push(pepper);
        }
        if peppers.is_empty() { Err("there is no pepper".to_owned()) } else { Ok(Self(peppers)) }
    }
}

fn parse(line: &str) -> Result<Pepper, String> {
    let (id, hex) = line.split_once(':').ok_or("not of the form ID:HEX")?;
    let (id, hex) = (id.trim(), hex.trim());
    let is_id = (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_id {
        return Err(format!("the ID must have 1 to {MAX_ID_BYTES} letters and digits"));
    }
    let digits = hex.as_bytes();
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect();
    let secret = Zeroizing::new(bytes.ok_or("the pepper is not hexadecimal")?);
    if secret.len() < MIN_SECRET_BYTES {
        return Err(format!("the pepper must have {MIN_SECRET_BYTES} bytes or more"));
    }
    Ok(Pepper { id: id.to_owned(), secret })
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.0.iter().map(|pepper| pepper.id.as_str()).collect();
        f.debug_tuple("Peppers").field(&ids).finish()
    }
}
