//! Unlink: detaches a machine. A dead link still answers for itself, so that
//! the call may be repeated with the very token that it killed.

use super::{
    Accounts, Origin, caller::Caller, error::Error, secret_check::HashedSecret, unit_of_work::Work,
};
use crate::{
    domain::{
        account_id::AccountId, machine::MachineId, password::Password, secret::Secret,
        violation::Problem,
    },
    model::calling_machine::CallingMachine,
    storage::link,
};

/// Input of Unlink.
#[derive(Clone, Debug)]
pub struct Unlink {
    /// The account; none for the caller's own.
    pub account_id: Option<AccountId>,
    /// The machine to detach; none for the caller's own.
    pub machine_id: Option<MachineId>,
    /// The password, needed for another machine.
    pub password: Option<Password>,
}

impl Accounts {
    /// Detaches a machine.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::PermissionDenied`], [`Error::Throttled`], or
    /// [`Error::Invalid`] when another machine is named without the password.
    pub async fn unlink(&self, command: &Unlink, origin: &Origin) -> Result<(), Error> {
        self.examine(|| self.try_unlink(command, origin)).await
    }

    async fn try_unlink(&self, command: &Unlink, origin: &Origin) -> Result<(), Error> {
        let Caller::Machine(caller) = self.find_caller(origin).await? else {
            return Err(Error::PermissionDenied);
        };
        self.check_names(&caller, command.account_id).await?;
        let own = caller.link.machine.id;
        let target = command.machine_id.unwrap_or(own);
        let is_dead = !caller.link.is_live();
        if target == own {
            if is_dead {
                return Ok(());
            }
            return self.change(origin, |work| work.unlink_own(&caller)).await;
        }
        if is_dead {
            return Err(Error::InvalidCredentials);
        }
        let password = command.password.clone();
        let password = password.ok_or_else(|| Error::invalid("password", Problem::Required))?;
        let secret = Secret::Password(password);
        let hashed = self.hash_secret(&caller.attempt(origin), &secret).await?;
        self.change(origin, |work| work.unlink_other(&caller, target, &hashed)).await
    }
}

impl Work<'_> {
    /// The link may have been cut, or made anew, since the call was let in.
    async fn unlink_own(self, caller: &CallingMachine) -> Result<(), Error> {
        let account = self.account(caller.account.id).await?;
        let own = caller.link.machine.id;
        let link = link::find(&self.db, account.id, own).await?;
        if !link.is_some_and(|link| link.is_same_as(&caller.link)) {
            return Err(Error::InvalidCredentials);
        }
        self.unlink(account.id, own, own).await?;
        Ok(self.commit().await?)
    }

    async fn unlink_other(
        self,
        caller: &CallingMachine,
        target: MachineId,
        password: &HashedSecret,
    ) -> Result<(), Error> {
        let account = self.account_of_caller(caller).await?;
        if !self.is_password(&account, password).await? {
            return self.refuse().await;
        }
        self.unlink(account.id, caller.link.machine.id, target).await?;
        Ok(self.commit().await?)
    }
}
