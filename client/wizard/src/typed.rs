//! What stands in the fields beside the form's own. A secret is wiped when it is let go, and shown
//! by no `Debug`.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroizing;

use crate::Field;

#[derive(Clone, Default)]
pub(crate) struct Typed(BTreeMap<Field, Zeroizing<String>>);

impl Typed {
    pub(crate) fn get(&self, field: Field) -> &str {
        self.0.get(&field).map_or("", |text| text.as_str())
    }

    /// Without the spaces around it, which nobody sees.
    pub(crate) fn trimmed(&self, field: Field) -> &str {
        self.get(field).trim()
    }

    pub(crate) fn set(&mut self, field: Field, text: &str) {
        self.0.insert(field, Zeroizing::new(text.to_owned()));
    }

    /// Lets go of what has served.
    pub(crate) fn forget(&mut self, fields: &[Field]) {
        for field in fields {
            self.0.remove(field);
        }
    }

    /// Lets go of `text` where it stands in `field`; what was typed since stays.
    pub(crate) fn forget_served(&mut self, field: Field, text: &str) {
        if self.get(field) == text {
            self.0.remove(&field);
        }
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
