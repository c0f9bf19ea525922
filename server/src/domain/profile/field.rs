//! The names of the fields that can be written.

use crate::domain::violation::Problem;

/// Declares the fields from one list, so that none lacks its name.
macro_rules! fields {
    ($($field:ident $name:literal),+ $(,)?) => {
        /// A field that Update may write. Sorted, fields are in the order of the form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] $field),+
        }

        impl Field {
            /// Every writable field, in the order of the form.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$field),+];

            /// Its name in the proto file, and in an update mask.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name),+
                }
            }
        }
    };
}

fields! {
    Email "email",
    CompanyName "company_name",
    LastName "last_name",
    FirstName "first_name",
    Address "address",
    PostalCode "postal_code",
    City "city",
    CountryCode "country_code",
    Phone "phone",
    ApeCode "ape_code",
}

/// As much of a path as is told back; the longest that is known has 15 characters.
const PATH_CHARS: usize = 32;

impl Field {
    /// The field that a path of an update mask names.
    ///
    /// # Errors
    /// [`Problem::ReadOnly`] or [`Problem::UnknownField`], by name.
    pub fn from_path(path: &str) -> Result<Self, Problem> {
        const READ_ONLY: [&str; 5] = ["id", "etag", "pending_email", "create_time", "update_time"];
        if let Some(field) = Self::ALL.into_iter().find(|field| field.name() == path) {
            return Ok(field);
        }
        // The path is told back: one of any length would not fit into the refusal.
        let path: String = match path.char_indices().nth(PATH_CHARS) {
            None => path.to_owned(),
            Some((end, _)) => format!("{}…", &path[..end]),
        };
        if READ_ONLY.contains(&path.as_str()) {
            Err(Problem::ReadOnly { path })
        } else {
            Err(Problem::UnknownField { path })
        }
    }
}
