//! What a hash costs, and how many are computed concurrently.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::{Context as _, anyhow};
use zeroize::Zeroizing;

use super::one_line::{Trimmed, parsed};
use crate::{
    credentials::{
        hasher::{HashParams, Hasher},
        pepper::Peppers,
    },
    private_file::warn_if_others_may_read,
    randomness::Randomness,
};

/// The hashes of passwords and codes.
#[derive(clap::Args)]
#[command(next_help_heading = "Hashing")]
pub struct Hashing {
    /// Argon2id: memory per hash, in KiB.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_HASH_MEMORY_KIB",
        value_name = "KIB",
        default_value_t = 19_456,
        value_parser = Trimmed(clap::value_parser!(u32))
    )]
    hash_memory_kib: u32,

    /// Argon2id: passes over the memory.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_PASSES", value_name = "COUNT", default_value_t = 2,
        value_parser = Trimmed(clap::value_parser!(u32)))]
    hash_passes: u32,

    /// Argon2id: lanes.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_LANES", value_name = "COUNT", default_value_t = 1,
        value_parser = Trimmed(clap::value_parser!(u32)))]
    hash_lanes: u32,

    /// File of peppers, one per line as `ID:HEX`, the one in force first. Keep an older one until
    /// every hash that names it has been renewed, which happens when its password is next right.
    #[arg(long, env = "GESTAN_ACCOUNT_PEPPER_FILE", value_name = "FILE")]
    pepper_file: Option<PathBuf>,

    /// Threads that hash, each with its own memory. By default one per processor.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_THREADS", value_name = "COUNT",
        value_parser = Trimmed(parsed::<NonZeroUsize>))]
    hash_threads: Option<NonZeroUsize>,

    /// Longest queue of hashes, a quarter of it for mails and linked machines. Further calls get
    /// `RESOURCE_EXHAUSTED`.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_QUEUE", value_name = "COUNT", default_value = "256",
        value_parser = Trimmed(parsed::<NonZeroUsize>))]
    hash_queue: NonZeroUsize,
}

impl Hashing {
    /// Starts the hashing threads.
    ///
    /// # Errors
    /// When Argon2 does not take the cost, the peppers cannot be read, or the system
    /// gives no thread.
    pub fn hasher(&self, randomness: Arc<dyn Randomness>) -> anyhow::Result<Hasher> {
        let (params, threads) = (self.params()?, self.threads());
        Ok(Hasher::start(params, threads, self.hash_queue, self.peppers()?, randomness)?)
    }

    /// Makes what can be made without starting a thread, and lets it go.
    ///
    /// # Errors
    /// When Argon2 does not take the cost, or the peppers cannot be read.
    pub fn check(&self) -> anyhow::Result<()> {
        self.params()?;
        self.peppers().map(drop)
    }

    /// The memory that all threads take together, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let threads = u64::try_from(self.threads().get()).unwrap_or(u64::MAX);
        (u64::from(self.hash_memory_kib) * 1024).saturating_mul(threads)
    }

    /// The files that nobody else is to read.
    pub fn private_files(&self) -> impl Iterator<Item = &Path> {
        self.pepper_file.as_deref().into_iter()
    }

    fn params(&self) -> anyhow::Result<HashParams> {
        HashParams::new(self.hash_memory_kib, self.hash_passes, self.hash_lanes)
            .map_err(|error| anyhow!("the hash parameters cannot be used: {error}"))
    }

    fn threads(&self) -> NonZeroUsize {
        let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.hash_threads.unwrap_or(processors)
    }

    fn peppers(&self) -> anyhow::Result<Peppers> {
        let Some(path) = &self.pepper_file else { return Ok(Peppers::default()) };
        warn_if_others_may_read(path, "the peppers");
        let text = Zeroizing::new(
            fs::read_to_string(path)
                .with_context(|| format!("cannot read the peppers {}", path.display()))?,
        );
        text.parse().map_err(|error| anyhow!("{}: {error}", path.display()))
    }
}
