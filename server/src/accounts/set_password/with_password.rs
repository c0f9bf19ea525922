//! SetPassword on a linked machine, by who knows the password in force.

use super::{Accounts, Change, Error, Origin, PasswordSet, SetPassword};
use crate::{
    accounts::secret_check::Examined,
    audit::Actor,
    credentials::hasher::PasswordHash,
    domain::{password::Password, secret::Secret},
    model::calling_machine::CallingMachine,
    storage::account,
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
        let examined = self.examine(&caller.guess(origin), &current).await?;
        // Who does not know the password costs no second hash.
        let hash = if examined.is_verified_password() {
            Some(self.hash_new_password(&caller.account, &command.new_password, origin).await?)
        } else {
            None
        };
        let hash = hash.as_ref();
        self.db.retry(|| self.replace_password(command, &caller, &examined, hash, origin)).await
    }

    async fn replace_password(
        &self,
        command: &SetPassword,
        caller: &CallingMachine,
        examined: &Examined,
        hash: Option<&PasswordHash>,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        let now = self.now();
        let machine = &caller.link.machine;
        let transaction = self.db.begin().await?;
        let account = account::find_for_update(&transaction, caller.account.id).await?;
        let mut account = account.ok_or(Error::InvalidCredentials)?;
        let is_password = self.is_password(&transaction, &account, examined, now).await?;
        let Some(hash) = hash.filter(|_| is_password) else {
            transaction.commit().await?;
            return Err(Error::InvalidCredentials);
        };
        let actor = Actor::machine(machine.id, origin.ip);
        Change { accounts: self, command, machine, linked: None, actor, now }
            .store(&transaction, &mut account, hash)
            .await?;
        transaction.commit().await?;
        Ok(PasswordSet { account, link_token: None })
    }
}
