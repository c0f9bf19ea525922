//! One hash: Argon2id version 1.3 (RFC 9106) in memory that the caller keeps.

mod params;

use std::fmt;

use argon2::{
    Block, Params, Version,
    password_hash::phc::{Ident, Output, PasswordHash as Phc, Salt},
};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    super::{derivation::CodeKey, pepper::Peppers},
    HashError,
};
use crate::domain::{password::Password, personal_code::PersonalCode};

pub use params::HashParams;

/// The memory that a hashing thread keeps, and the peppers.
pub(super) struct Workspace<'a> {
    pub(super) memory: &'a mut Vec<Block>,
    pub(super) peppers: &'a Peppers,
}

/// A password's hash, as a PHC string. `Debug` hides it.
#[derive(Clone)]
pub struct PasswordHash(Box<Phc>);

impl PasswordHash {
    /// Reads what the database holds.
    ///
    /// # Errors
    /// [`HashError::Fault`] when it is no PHC string.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        Phc::new(text).map(Box::new).map(Self).map_err(|_| HashError::Fault)
    }

    /// The PHC string.
    #[must_use]
    pub fn to_phc(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn make(
        password: &Password,
        salt: [u8; 16],
        params: &HashParams,
        workspace: &mut Workspace<'_>,
    ) -> Result<Self, HashError> {
        let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
        params.run(password.reveal().as_bytes(), &salt, &mut out, workspace)?;
        Self::assemble(params, &salt, &out).ok_or(HashError::Fault)
    }

    /// A hash that no password has, as costly to compare as a real one.
    pub(super) fn dummy(params: &HashParams) -> Self {
        match Self::assemble(params, &[0; 16], &[0; Params::DEFAULT_OUTPUT_LEN]) {
            Some(hash) => hash,
            None => unreachable!("valid parameters, salt and output make a PHC string"),
        }
    }

    fn assemble(params: &HashParams, salt: &[u8], out: &[u8]) -> Option<Self> {
        Some(Self(Box::new(Phc {
            algorithm: Ident::new("argon2id").ok()?,
            version: Some(Version::V0x13.into()),
            params: params.to_phc()?,
            salt: Some(Salt::new(salt).ok()?),
            hash: Some(Output::new(out).ok()?),
        })))
    }

    pub(super) fn verify(
        &self,
        password: &Password,
        workspace: &mut Workspace<'_>,
    ) -> Result<bool, HashError> {
        let (Some(salt), Some(expected)) = (&self.0.salt, &self.0.hash) else {
            return Err(HashError::Fault);
        };
        let mut out = Zeroizing::new(vec![0; expected.len()]);
        self.params()?.run(password.reveal().as_bytes(), salt, &mut out, workspace)?;
        Ok(out.ct_eq(expected.as_bytes()).into())
    }

    pub(super) fn is_made_by(&self, params: &HashParams) -> bool {
        self.params().is_ok_and(|mine| mine == *params)
    }

    fn params(&self) -> Result<HashParams, HashError> {
        if self.0.algorithm.as_str() != "argon2id" {
            return Err(HashError::Fault);
        }
        self.0.params.as_str().parse()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

/// What all codes of a challenge are hashed with.
#[derive(Clone, Debug)]
pub struct CodeSalt {
    /// Random bytes.
    pub salt: [u8; 16],
    /// The parameters in force when the challenge was made.
    pub params: HashParams,
}

/// The stored half of a code's hash. `Debug` hides it.
#[derive(Clone)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// The bytes, to be stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the hash that was stored, in constant time.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.ct_eq(stored).into()
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash([redacted])")
    }
}

/// One run of Argon2id gives 64 bytes: a half to store, and a half that nobody can have
/// without the code.
pub(super) fn hash_code(
    code: &PersonalCode,
    salt: &CodeSalt,
    workspace: &mut Workspace<'_>,
) -> Result<(CodeHash, CodeKey), HashError> {
    let mut out = Zeroizing::new([0; 64]);
    salt.params.run(code.as_bytes(), &salt.salt, out.as_mut_slice(), workspace)?;
    let (stored, key) = out.split_at(32);
    let half = |bytes: &[u8]| bytes.try_into().map_err(|_| HashError::Fault);
    Ok((CodeHash(half(stored)?), CodeKey::new(half(key)?)))
}
