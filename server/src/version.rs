//! Which program this is.

/// The version, and the commit that it is built from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILT_FROM"), ")");

/// The version alone.
pub const NUMBER: &str = env!("CARGO_PKG_VERSION");

/// The commit alone: its first twelve characters, with `-dirty` behind them if the sources
/// differed from it; or what is said in its place.
pub const BUILT_FROM: &str = env!("BUILT_FROM");
