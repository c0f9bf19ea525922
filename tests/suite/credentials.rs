//! Passwords, codes and tokens: how they are hashed, derived, judged and kept secret.

mod derivation;
mod hashing;
mod hashing_queue;
mod hashing_turns;
mod peppers;
mod secrets;
mod strength;
