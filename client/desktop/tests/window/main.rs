//! The window, as a person uses it: typed into and clicked through, without a display, against the
//! real server over real TCP.

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
