//! What the documents say of the code is true.

mod api_reference;
mod documents;
