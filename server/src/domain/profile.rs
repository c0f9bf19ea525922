//! The fields of the form, but for the e-mail address, which has a flow of its
//! own. A new field is declared here, in `field` and in `change`; wherever else it has
//! to be named, the compiler says so.

mod asked;
mod change;
mod field;

pub use asked::Asked;
pub use change::ProfileChange;
pub use field::Field;
use serde::{Deserialize, Serialize};

use super::{
    ape_code::ApeCode,
    country::Country,
    phone::Phone,
    postal_code::PostalCode,
    text::{Line, Lines},
};

/// The fields of an account. Written with serde it is what was parsed, so that it need
/// not be parsed again by rules that may have changed since. A field that is missing
/// there, because an older version wrote it, is empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as in the proto file, which explains them")]
pub struct Profile {
    pub company_name: Line<120>,
    pub last_name: Line<80>,
    pub first_name: Line<80>,
    pub address: Lines<500>,
    pub postal_code: PostalCode,
    pub city: Line<100>,
    #[serde(rename = "country_code")]
    pub country: Country,
    #[serde(flatten)]
    pub phone: Phone,
    #[serde(flatten)]
    pub ape_code: ApeCode,
}
