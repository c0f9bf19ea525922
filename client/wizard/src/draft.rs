//! The form: what was read, and what it is to become. Changes are gathered, then sent in one call;
//! nothing that was typed is lost when the service refuses it, nor when another machine was quicker.

use std::fmt;

use gestan_account_client::{
    FieldMask,
    v1::{Account, UpdateRequest},
};

use crate::Field;

/// The account as it was read, and the changes on top.
#[derive(Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) base: Account,
    pub(crate) wanted: Account,
}

impl Draft {
    pub(crate) fn new(account: Account) -> Self {
        Self { wanted: account.clone(), base: account }
    }

    /// The fields that differ.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Field> {
        Field::FORM.into_iter().filter(|field| field.of(&self.base) != field.of(&self.wanted))
    }

    pub(crate) fn request(&self, password: &str) -> UpdateRequest {
        let mut account = Account { etag: self.base.etag.clone(), ..Default::default() };
        let mut paths = Vec::new();
        for field in self.changes() {
            paths.extend(field.path().map(str::to_owned));
            copy(field, &self.wanted, &mut account);
        }
        let update_mask = Some(FieldMask { paths });
        UpdateRequest { account: Some(account), update_mask, password: password.to_owned() }
    }

    /// Puts the changes on top of what has been read since.
    pub(crate) fn rebase(&mut self, base: Account) {
        let mut wanted = base.clone();
        for field in self.changes() {
            copy(field, &self.wanted, &mut wanted);
        }
        *self = Self { base, wanted };
    }

    /// Takes what the service has made of the changes that were sent; what was typed since then
    /// stays a change.
    pub(crate) fn settle(&mut self, sent: &UpdateRequest, base: Account) {
        let sent_account = sent.account.clone().unwrap_or_default();
        let sent_paths = sent.update_mask.as_ref().map(|mask| mask.paths.as_slice());
        let mut wanted = base.clone();
        for field in self.changes() {
            let was_sent = sent_paths
                .unwrap_or_default()
                .iter()
                .any(|path| Some(path.as_str()) == field.path());
            if !was_sent || field.of(&sent_account) != field.of(&self.wanted) {
                copy(field, &self.wanted, &mut wanted);
            }
        }
        *self = Self { base, wanted };
    }
}

fn copy(field: Field, from: &Account, to: &mut Account) {
    if let (Some(value), Some(place)) = (field.of(from), field.of_mut(to)) {
        place.clone_from(value);
    }
}

/// Shows which fields differ, and no person's data.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes: Vec<Field> = self.changes().collect();
        f.debug_struct("Draft")
            .field("account_id", &self.base.id)
            .field("changes", &changes)
            .finish_non_exhaustive()
    }
}
