//! Mail: what is enqueued (`letter`, `notice`), how it reads (`message`), where it
//! goes (`mailer`), and the worker that sends what is enqueued (`outbox`).

pub mod letter;
pub mod mailer;
pub mod message;
pub mod notice;
pub mod outbox;
