//! The window, as a person uses it: typed into and clicked through, without a display, against the
//! real server over real TCP.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

mod arguments;
mod faults;
mod form;
mod gate;
mod joining;
mod keeping;
mod keys;
mod opening;
mod scene;
mod words;
