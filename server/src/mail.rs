//! Mail: what is owed (`letter`), how it reads (`message`), where it goes
//! (`mailer`), and the worker that pays what is owed (`outbox`).

pub mod letter;
pub mod mailer;
pub mod message;
pub mod outbox;
