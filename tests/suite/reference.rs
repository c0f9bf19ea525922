//! What the form's search buttons look up, and what people are told before they open an
//! account.

mod calls;
mod list_countries;
mod privacy_notice;
mod privacy_notice_files;
mod search_ape_codes;
mod trades;
