//! The pieces that screens are made of.

mod banner;
mod button;
mod card;
mod field;
mod icon;
mod strength;

pub(crate) use banner::banners;
pub(crate) use button::{
    button, drop_letters_with_alt, is_letter_pressed, is_pressed, job, primary_button, small_button,
};
pub(crate) use card::{card, choice, heading};
pub(crate) use field::{field, secrets_switch, unlink_switch};
pub(crate) use icon::search_button;
pub(crate) use strength::strength_bar;
