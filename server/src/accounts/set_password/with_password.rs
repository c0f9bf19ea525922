//! SetPassword on a linked machine, by the password in force.

use super::{Accounts, Error, NewPassword, Origin, PasswordSet, SetPassword};
use crate::{
    accounts::{secret_check::HashedSecret, unit_of_work::Work},
    credentials::hasher::PasswordHash,
    domain::{password::Password, secret::Secret},
    model::calling_machine::CallingMachine,
};

impl Accounts {
    pub(super) async fn set_password_with_password(
        &self,
        command: &SetPassword,
        current: &Password,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        let caller = self.authenticate_machine(origin).await?;
        let current = Secret::Password(current.clone());
        let current = self.hash_secret(&caller.attempt(origin), &current).await?;
        // A caller that does not know the password costs no second hash.
        let hash = if current.is_verified_password() {
            Some(self.hash_new_password(&caller.account, &command.new_password, origin).await?)
        } else {
            None
        };
        let hash = hash.as_ref();
        self.change(origin, |work| work.replace_password(command, &caller, &current, hash)).await
    }
}

impl Work<'_> {
    async fn replace_password(
        mut self,
        command: &SetPassword,
        caller: &CallingMachine,
        current: &HashedSecret,
        hash: Option<&PasswordHash>,
    ) -> Result<PasswordSet, Error> {
        let mut account = self.account_of_caller(caller).await?;
        let is_password = self.is_password(&account, current).await?;
        let Some(hash) = hash.filter(|_| is_password) else {
            return self.refuse().await;
        };
        let machine = &caller.link.machine;
        let new = NewPassword {
            hash,
            machine,
            by_ticket: None,
            unlink_other_machines: command.unlink_other_machines,
        };
        self.store_password(&mut account, &new).await?;
        self.commit().await?;
        Ok(PasswordSet { account, link_token: None })
    }
}
