//! Mails: what they say, how they are queued, and how they leave the server.

mod clock_jumps;
mod fallback;
mod file;
mod machine_names;
mod mailer;
mod message;
mod outbox;
mod outbox_workers;
mod queued_letters;
mod scripted;
mod smtp;
mod smtp_addresses;
mod smtp_dialogue;
mod smtp_failures;
mod smtp_slow;
mod smtp_tls;
mod writing;
