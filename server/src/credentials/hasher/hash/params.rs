//! The cost of a hash, and one run of Argon2id at that cost.

use std::{fmt, str::FromStr};

use argon2::{
    Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version,
    password_hash::phc::ParamsString,
};

use super::Workspace;
use crate::credentials::{hasher::HashError, pepper::Peppers};

/// The most memory that a stored hash may ask for, in KiB: the threads keep
/// what they once needed, so a damaged row must not make them keep gigabytes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;

/// The cost of a hash, and which pepper it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashParams(Params);

impl HashParams {
    /// Memory in KiB, passes over it, lanes. OWASP's Password Storage Cheat
    /// Sheet asks for 19,456 KiB, 2 passes and 1 lane at the least.
    ///
    /// # Errors
    /// A text that says which number Argon2 does not take.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, String> {
        if memory_kib > MAX_MEMORY_KIB {
            return Err(format!("more than {MAX_MEMORY_KIB} KiB of memory a hash"));
        }
        let params = ParamsBuilder::new().m_cost(memory_kib).t_cost(passes).p_cost(lanes).build();
        params.map(Self).map_err(|error| error.to_string())
    }

    /// The same cost, with the pepper that is in force.
    #[must_use]
    pub(in crate::credentials::hasher) fn with_pepper_in_force(self, peppers: &Peppers) -> Self {
        let Some(keyid) = peppers.in_force().and_then(|id| KeyId::new(id).ok()) else {
            return self;
        };
        let (m, t, p) = (self.0.m_cost(), self.0.t_cost(), self.0.p_cost());
        let mut params = ParamsBuilder::new();
        params.m_cost(m).t_cost(t).p_cost(p).keyid(keyid);
        params.build().map_or(self, Self)
    }

    /// Runs Argon2id. The memory grows where it has to, and is never given back: page
    /// faults for a fresh one would cost more than the hash.
    pub(super) fn run(
        &self,
        secret: &[u8],
        salt: &[u8],
        out: &mut [u8],
        workspace: &mut Workspace<'_>,
    ) -> Result<(), HashError> {
        let blocks = self.0.block_count();
        if workspace.memory.len() < blocks {
            workspace.memory.resize_with(blocks, Block::new);
        }
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let argon2 = match self.0.keyid() {
            [] => Argon2::new(algorithm, version, self.0.clone()),
            id => {
                let pepper = workspace.peppers.find(id).ok_or(HashError::Fault)?;
                Argon2::new_with_secret(pepper, algorithm, version, self.0.clone())
                    .map_err(|_| HashError::Fault)?
            }
        };
        argon2
            .hash_password_into_with_memory(secret, salt, out, &mut workspace.memory[..blocks])
            .map_err(|_| HashError::Fault)
    }

    /// The cost, as a PHC string tells it.
    pub(super) fn to_phc(&self) -> Option<ParamsString> {
        ParamsString::try_from(&self.0).ok()
    }
}

impl fmt::Display for HashParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for HashParams {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let params: Params = text.parse().map_err(|_| HashError::Fault)?;
        if params.m_cost() > MAX_MEMORY_KIB { Err(HashError::Fault) } else { Ok(Self(params)) }
    }
}
