//! Secrets: how they are made, digested, hashed and compared. Nothing here
//! knows what they are for.

pub mod derivation;
pub mod hasher;
pub mod pepper;
pub mod token;
