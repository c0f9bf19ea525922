//! The fields of the form, but for the e-mail address, which has a flow of its
//! own. A new field is declared here, in `field` and in `change`; wherever else it has
//! to be named, the compiler says so.

mod change;
mod field;

pub use change::ProfileChange;
pub use field::Field;

use super::{
    ape_code::ApeCode,
    country::Country,
    phone::Phone,
    postal_code::PostalCode,
    text::{Line, Lines},
};

/// The fields of an account.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the proto file, which explains them")]
pub struct Profile {
    pub company_name: Line<120>,
    pub last_name: Line<80>,
    pub first_name: Line<80>,
    pub address: Lines<500>,
    pub postal_code: PostalCode,
    pub city: Line<100>,
    pub country: Country,
    pub phone: Phone,
    pub ape_code: ApeCode,
}
