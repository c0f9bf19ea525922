//! Mails: what they say, how they are queued, and how they leave the server.

mod file;
mod machine_names;
mod mailer;
mod message;
mod outbox;
mod outbox_workers;
mod queued_letters;
mod smtp;
mod smtp_failures;
mod writing;
