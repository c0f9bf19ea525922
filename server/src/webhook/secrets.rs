//! The secrets by which a receiver knows that an event comes from this server, and the
//! signature, as Standard Webhooks has them: HMAC-SHA-256 over `ID.SECONDS.BODY`.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";

/// The lengths that a secret may have, in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// How many may be in force: the one that follows and the one that it follows, with some to
/// spare. Each makes the head of every request longer.
const MAX: usize = 4;

/// The secrets in force. `Debug` hides them.
#[derive(Clone)]
pub struct Secrets(Vec<Zeroizing<Vec<u8>>>);

impl Secrets {
    /// The signatures of a request, one by each secret, as `webhook-signature` has them.
    #[must_use]
    pub fn sign(&self, id: Uuid, seconds: i64, body: &str) -> String {
        let sign = |secret: &Zeroizing<Vec<u8>>| {
            // HMAC takes a key of any length.
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(format!("{id}.{seconds}.{body}").as_bytes());
            Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
        };
        self.0.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
    }
}

/// Reads secrets with blanks, commas or line breaks between. The error never shows one.
impl FromStr for Secrets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_between = |c: char| c.is_whitespace() || c == ',';
        let texts = text.split(is_between).filter(|text| !text.is_empty());
        let secrets: Vec<_> = (1..)
            .zip(texts)
            .map(|(number, text)| parse(text).map_err(|why| format!("secret {number}: {why}")))
            .collect::<Result<_, _>>()?;
        match secrets.len() {
            0 => Err("there is no secret".to_owned()),
            1..=MAX => Ok(Self(secrets)),
            count => Err(format!("there are {count} secrets, and {MAX} at most may be in force")),
        }
    }
}

fn parse(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let base64 = text.strip_prefix(PREFIX).ok_or(format!("it does not begin with {PREFIX}"))?;
    let secret = BASE64_STANDARD.decode(base64);
    let secret = Zeroizing::new(secret.map_err(|_| format!("behind {PREFIX} it is no Base64"))?);
    if BYTES.contains(&secret.len()) {
        Ok(secret)
    } else {
        let (least, most) = BYTES.into_inner();
        Err(format!("it must have {least} to {most} bytes, in Base64"))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} [redacted])", self.0.len())
    }
}
