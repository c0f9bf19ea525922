//! What an operator can have the program do: each command with the settings that it
//! reads. All but [`Serve`] do their work, say what came of it, and end.

mod backup;
mod copy;
mod migrate;
mod serve;
mod support_key;

pub use backup::Backup;
pub use copy::Copy;
pub use migrate::Migrate;
pub use serve::Serve;
pub use support_key::SupportKey;
