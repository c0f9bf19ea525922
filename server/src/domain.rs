//! What the service talks about, parsed once at the edge: a value of one of these types
//! is valid. Nothing here knows of gRPC or of a database.

pub mod account_id;
pub mod ape_code;
pub mod ape_query;
pub mod base32;
pub mod country;
pub mod email_address;
pub mod entry_id;
pub mod locale;
pub mod machine;
pub mod minutes;
pub mod page_token;
pub mod password;
pub mod paste;
pub mod personal_code;
pub mod phone;
pub mod postal_code;
pub mod profile;
pub mod reason;
pub mod request_name;
pub mod role;
pub mod search_words;
pub mod secret;
pub mod strength;
pub mod text;
pub mod violation;
pub mod weakness;
