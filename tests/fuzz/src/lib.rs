//! What the fuzz targets do, and what they hold to be true of any input.
//!
//! Everything here may panic: that is how a finding is told.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a panic is a finding")]

pub mod call;
pub mod desk;
pub mod domain;
pub mod operator;
mod raw_codec;
pub mod service;
