//! The window "Compte client" without a window: which screen is shown, what was typed, which call
//! is to be made, and what an answer leads to. A terminal and a desktop window share it.
//!
//! [`Wizard`] does nothing by itself. It is told what the person typed ([`Wizard::set`]) and chose
//! ([`Wizard::act`]); it gives out the [`Call`] that is to be made, and is told the answer
//! ([`Wizard::answered`]). So nothing here waits, reads a clock or a file, or draws chance. It keeps
//! three promises, whatever the order of events:
//!
//! - Nothing that was typed is lost by an error, by an answer that comes late, or by going back.
//! - No second call is given out while one is under way that the person waits for.
//! - No `Debug` shows a secret.

mod action;
mod call;
mod draft;
mod field;
mod folded;
mod kept;
mod language;
mod screen;
mod strength;
mod texts;
mod trouble;
mod typed;
mod view;
mod wait;
mod wizard;

pub use action::Action;
pub use call::{Answer, Call, CallId, Request};
pub use field::Field;
pub use folded::folded;
pub use kept::{Kept, Link, Pending, Purpose};
pub use language::Language;
pub use screen::{Proof, Screen};
pub use strength::{Strength, strength};
pub use trouble::{Said, Trouble};
pub use view::{describe_entry, describe_machine, hours};
pub use wait::Moment;
pub use wizard::Wizard;
