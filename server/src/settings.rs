//! What an operator can set. Each section reads its settings from the command line
//! and from variables `GESTAN_ACCOUNT_…`, and has a method that builds the part of the
//! server that they are for. A default stands in one place: where tests build the part
//! without this module, in the part; otherwise here.
//!
//! Which command reads which section, each command says in [`commands`](crate::commands).

pub mod compaction;
pub mod connections;
pub mod database;
mod duration;
pub mod hashing;
pub mod letterhead;
pub mod lifetimes;
pub mod listen;
pub mod log;
pub mod mail;
pub mod nomenclature;
pub(crate) mod one_line;
pub mod privacy_notice;
pub mod rate_limits;
pub mod support;
pub mod testing;
pub mod time_zone;
pub mod tls;
pub mod traces;
pub mod trial;
pub mod webhook;
