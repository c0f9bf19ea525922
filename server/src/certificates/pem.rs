//! The one rule by which files of certificates and keys are read (RFC 7468). The reader of
//! rustls passes over whatever does not look like the beginning of a block, for files may
//! hold text in between: a block whose first line does not stand alone would be missing
//! without a word. So the marks of beginning are counted, too.

use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};

use super::Certificate;

/// What a block begins with, before its label.
const BEGIN: &[u8] = b"-----BEGIN ";
/// A byte-order mark, as UTF-8 has it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The same of UTF-16, in which nothing else could be read.
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A file of certificates or of a key is refused. What it holds is in none of these: it
/// may be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Some editors and shells put one before the first line.
    #[error("it has a byte-order mark, which hides the line behind it: save it as plain ASCII")]
    ByteOrderMark,
    /// A block would be left out.
    #[error(
        "{begun} blocks of {what} begin in it, but only {read} can be read: each line -----BEGIN \
         or -----END must stand on a line of its own, and be that of a {what}"
    )]
    LeftOut {
        /// What the blocks are to be.
        what: &'static str,
        /// How many begin.
        begun: usize,
        /// How many were read.
        read: usize,
    },
    /// The key needs a passphrase.
    #[error(
        "its key is encrypted, and a server has nobody to ask for the passphrase: write it anew \
         with `openssl pkey`, readable by its owner alone"
    )]
    Encrypted,
    /// There is nothing of the kind.
    #[error("it has no {0} in PEM")]
    Missing(&'static str),
    /// A block is cut off.
    #[error("a block in it does not end: the file is not whole, or its line breaks are lost")]
    Endless,
    /// A block is not what it says.
    #[error("a block in it is damaged")]
    Damaged,
    /// A block holds something else.
    #[error("certificate {0} in it is no X.509 certificate")]
    NotX509(usize),
}

/// All certificates of a file, and at least one.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<Certificate>, PemError> {
    let found: Vec<CertificateDer<'static>> = all(text, "CERTIFICATE", "certificate")?;
    let read = |(number, der)| Certificate::read(der).ok_or(PemError::NotX509(number));
    (1..).zip(found).map(read).collect()
}

/// The private key of a file: the first, if there are several.
pub(crate) fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    if labels(text).any(|label| label == b"ENCRYPTED PRIVATE KEY") {
        return Err(PemError::Encrypted);
    }
    let found: Vec<PrivateKeyDer<'static>> = all(text, "PRIVATE KEY", "private key")?;
    found.into_iter().next().ok_or(PemError::Missing("private key"))
}

/// A file that was put together from others, as they were: without byte-order marks, and
/// with each beginning on a line of its own. Only for files whose order says nothing.
pub(crate) fn mended(text: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(byte) = rest.first() {
        if let Some(behind) = rest.strip_prefix(BYTE_ORDER_MARK) {
            rest = behind;
            continue;
        }
        if rest.starts_with(BEGIN) && !matches!(mended.last(), None | Some(b'\n' | b'\r')) {
            mended.push(b'\n');
        }
        mended.push(*byte);
        rest = &rest[1..];
    }
    mended
}

/// Every block whose label ends so, and at least one.
fn all<T: PemObject>(text: &[u8], label_end: &str, what: &'static str) -> Result<Vec<T>, PemError> {
    let is_utf_16 = UTF_16.iter().any(|mark| text.starts_with(mark));
    if is_utf_16 || holds(text, BYTE_ORDER_MARK) {
        return Err(PemError::ByteOrderMark);
    }
    let found: Vec<T> =
        T::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|error| plain(&error))?;
    let begun = labels(text).filter(|label| label.ends_with(label_end.as_bytes())).count();
    match found.len() {
        read if read < begun => Err(PemError::LeftOut { what, begun, read }),
        0 => Err(PemError::Missing(what)),
        _ => Ok(found),
    }
}

/// The label of every beginning, wherever it stands in its line.
fn labels(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = text.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    begins.map(|(at, _)| {
        let behind = &text[at + BEGIN.len()..];
        let length = behind.iter().position(|byte| matches!(byte, b'-' | b'\n' | b'\r'));
        &behind[..length.unwrap_or(behind.len())]
    })
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The reader's own errors show lines of the file. One that has lost its line breaks, as
/// happens to variables, is a single line: the key.
fn plain(error: &pem::Error) -> PemError {
    match error {
        pem::Error::MissingSectionEnd { .. } => PemError::Endless,
        _ => PemError::Damaged,
    }
}
