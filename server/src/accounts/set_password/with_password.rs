//! SetPassword on a linked machine, by who knows the password in force.

use super::{Accounts, Change, Error, Origin, PasswordSet, SetPassword};
use crate::{
    accounts::caller::LinkedCaller,
    audit::Actor,
    credentials::hasher::{PasswordHash, Verdict},
    domain::password::Password,
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
        let stored = caller.account.password_hash.clone();
        let verdict = self.hasher.verify_password(current.clone(), stored.clone()).await?;
        let (Verdict::Right { .. }, Some(stored)) = (verdict, stored) else {
            return Err(Error::InvalidCredentials);
        };
        let hash = self.hash_new_password(&caller.account, &command.new_password).await?;
        self.db.retry(|| self.replace_password(command, &caller, &stored, &hash, origin)).await
    }

    async fn replace_password(
        &self,
        command: &SetPassword,
        caller: &LinkedCaller,
        verified: &PasswordHash,
        hash: &PasswordHash,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        let now = self.now();
        let machine = &caller.link.machine;
        let transaction = self.db.begin().await?;
        let account = account::find_for_update(&transaction, caller.account.id).await?;
        // Somebody else may have changed it since it was verified.
        let account = account.filter(|account| account.has_password(verified));
        let mut account = account.ok_or(Error::InvalidCredentials)?;
        let actor = Actor { machine: machine.id, ip: origin.ip };
        Change { accounts: self, command, machine, machine_linked: false, actor, now }
            .store(&transaction, &mut account, hash)
            .await?;
        transaction.commit().await?;
        Ok(PasswordSet { account, link_token: None })
    }
}
