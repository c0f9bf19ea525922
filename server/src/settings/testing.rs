//! Whether the server is one for tests. There is a flag, and neither a variable nor a line in a
//! file of settings: nobody inherits it, and nobody finds it in a file that was copied.
//!
//! What may stand beside it is decided in `cli::testing`, where it is known what was set; here,
//! by which addresses.

use anyhow::bail;

use super::listen::Listen;

/// The flag.
#[derive(clap::Args)]
#[command(next_help_heading = "Testing")]
pub struct TestingSettings {
    /// Serve the tests of a program that calls this service: with a database that is gone at the
    /// end, no limits to speak of, no mail that is sent, and `TestingService`, which tells the codes
    /// to everybody on this machine and moves the clock. The first line of standard output is the
    /// server's URL, by default at a free port. Never for customers: whatever a service for them has
    /// (TLS, a database, a mail server, an address that other machines reach) is refused beside it.
    #[arg(long)]
    testing: bool,
}

impl TestingSettings {
    /// Whether it is one for tests.
    ///
    /// # Errors
    /// When it is, and other machines could reach it.
    pub fn is_on(&self, listen: &Listen) -> anyhow::Result<bool> {
        if !self.testing {
            return Ok(false);
        }
        for (setting, address) in listen.addresses() {
            if !address.ip().to_canonical().is_loopback() {
                bail!(
                    "--testing and {setting} {address} exclude each other: a testing server tells \
                     everybody who reaches it the codes of all. Listen on 127.0.0.1 or [::1], or \
                     leave --testing out"
                );
            }
        }
        Ok(true)
    }
}
