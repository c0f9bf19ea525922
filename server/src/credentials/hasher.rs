//! Argon2id on a fixed set of threads that keep their memory between hashes:
//! a fresh 19 MiB for each would cost more in page faults than the hash itself,
//! and a thread a call would grow the process without bound.
//!
//! Nothing else of the server may hash, so that the queue bounds all of it.

pub mod classes;
mod hash;
pub mod queue;
pub mod turns;

use std::{io, num::NonZeroUsize, sync::Arc, time::Duration};

pub use classes::HashFor;
use hash::Workspace;
pub use hash::{CodeHash, CodeSalt, HashParams, PasswordHash};
use queue::Queue;

use super::{derivation::CodeKey, pepper::Peppers};
use crate::{
    domain::{password::Password, personal_code::PersonalCode, strength, weakness::Weakness},
    randomness::Randomness,
};

/// The hashing did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The queue is full, and others have fewer places.
    #[error("the hashing queue is full")]
    Busy {
        /// When a place is to be expected.
        retry_after: Duration,
    },
    /// A fault: a damaged hash in the database, or a hashing thread that died.
    #[error("hashing failed")]
    Fault,
}

/// The outcome of a password check.
#[derive(Debug)]
pub enum Verdict {
    /// The password is right. `renewed` is its hash by the parameters in force,
    /// when the stored one was made by others, or of other spaces.
    Right {
        /// To be stored in place of the old one.
        renewed: Option<PasswordHash>,
    },
    /// It is wrong, or there was nothing to compare it with.
    Wrong,
}

/// The hashing threads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hasher {
    queue: Arc<Queue>,
    params: HashParams,
    peppers: Arc<Peppers>,
    randomness: Arc<dyn Randomness>,
    /// Compared where an account has no password or does not exist.
    dummy: Arc<PasswordHash>,
}

impl Hasher {
    /// Starts `threads` threads behind a queue of `capacity` places. New hashes
    /// take the pepper in force, if there is one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        params: HashParams,
        threads: NonZeroUsize,
        capacity: NonZeroUsize,
        peppers: Peppers,
        randomness: Arc<dyn Randomness>,
    ) -> io::Result<Self> {
        let params = params.with_pepper_in_force(&peppers);
        let dummy = Arc::new(PasswordHash::dummy(&params));
        let queue = Arc::new(Queue::start(threads, capacity)?);
        Ok(Self { queue, params, peppers: Arc::new(peppers), randomness, dummy })
    }

    /// How many jobs the threads have done so far.
    #[must_use]
    pub fn jobs_done(&self) -> u64 {
        self.queue.jobs_done()
    }

    /// How many hashes wait, and how long they waited.
    #[must_use]
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The parameters in force.
    #[must_use]
    pub fn params(&self) -> &HashParams {
        &self.params
    }

    /// A random salt for the codes of a challenge.
    #[must_use]
    pub fn code_salt(&self) -> CodeSalt {
        CodeSalt { salt: self.randomness.bytes(), params: self.params.clone() }
    }

    /// Judges `password` and, if it is strong enough, hashes it.
    ///
    /// # Errors
    /// [`HashError`]; the inner error says why the password is too weak.
    pub async fn judge_and_hash(
        &self,
        who: HashFor,
        password: Password,
        personal: Vec<String>,
    ) -> Result<Result<PasswordHash, Weakness>, HashError> {
        let (salt, params) = (self.randomness.bytes(), self.params.clone());
        let peppers = Arc::clone(&self.peppers);
        self.queue
            .run(who, move |memory| {
                let personal: Vec<&str> = personal.iter().map(String::as_str).collect();
                if let Err(weakness) = strength::judge(&password, &personal) {
                    return Ok(Err(weakness));
                }
                let workspace = &mut Workspace { memory, peppers: &peppers };
                PasswordHash::make(&password, salt, &params, workspace).map(Ok)
            })
            .await?
    }

    /// Compares `password` with a stored hash, also as it was hashed formerly, with the
    /// spaces that were typed. Without a stored one it does the same work, so that time
    /// does not tell whether there was one.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn verify_password(
        &self,
        who: HashFor,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let exists = stored.is_some();
        let stored = stored.map_or_else(|| Arc::clone(&self.dummy), Arc::new);
        let (salt, params) = (self.randomness.bytes(), self.params.clone());
        let peppers = Arc::clone(&self.peppers);
        self.queue
            .run(who, move |memory| {
                let workspace = &mut Workspace { memory, peppers: &peppers };
                let mut is_right = stored.verify(&password, workspace)?;
                let mut is_current = stored.is_made_by(&params);
                if !is_right && let Some(former) = password.with_other_spaces() {
                    is_right = stored.verify(&former, workspace)?;
                    is_current = false;
                }
                if !(is_right & exists) {
                    return Ok(Verdict::Wrong);
                }
                let renewed = if is_current {
                    None
                } else {
                    Some(PasswordHash::make(&password, salt, &params, workspace)?)
                };
                Ok(Verdict::Right { renewed })
            })
            .await?
    }

    /// Hashes a personal code with the salt of its challenge: the stored half,
    /// and the key that is never stored.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash_code(
        &self,
        who: HashFor,
        code: PersonalCode,
        salt: CodeSalt,
    ) -> Result<(CodeHash, CodeKey), HashError> {
        let peppers = Arc::clone(&self.peppers);
        self.queue
            .run(who, move |memory| {
                hash::hash_code(&code, &salt, &mut Workspace { memory, peppers: &peppers })
            })
            .await?
    }
}
