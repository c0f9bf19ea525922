//! The window "Compte client" of Gestan, over the account service's client.
//!
//! The steps are those of `client/wizard`; here they are drawn, and their calls are made on threads
//! of their own, so that the window never waits. [`Window`] knows no operating system's window: the
//! program gives it one, and so do the tests, without a display.

mod calls;
mod parts;
mod screens;
mod store;
mod texts;
mod theme;
mod window;

pub use store::Store;
pub use theme::apply as apply_theme;
pub use window::Window;
