//! Unlink: detaches a machine. A dead link still answers for itself, so that
//! the call may be repeated with the very token that it killed.

use super::{
    Accounts, Origin, caller::Caller, error::Error, linking::unlink_machine, secret_check::Examined,
};
use crate::{
    audit::Actor,
    domain::{
        account_id::AccountId, machine::MachineId, password::Password, secret::Secret,
        violation::Problem,
    },
    model::calling_machine::CallingMachine,
    storage::account,
};

/// What Unlink is asked.
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
        let Caller::Machine(caller) = self.find_caller(origin).await? else {
            return Err(Error::PermissionDenied);
        };
        caller.check_names(command.account_id)?;
        let own = caller.link.machine.id;
        let target = command.machine_id.unwrap_or(own);
        let is_dead = !caller.link.is_live();
        if target == own {
            if is_dead {
                return Ok(());
            }
            return self.db.retry(|| self.unlink_once(&caller, own, None, origin)).await;
        }
        if is_dead {
            return Err(Error::InvalidCredentials);
        }
        let password = command.password.clone();
        let password = password.ok_or_else(|| Error::invalid("password", Problem::Required))?;
        let examined = self.examine(&caller.guess(origin), &Secret::Password(password)).await?;
        self.db.retry(|| self.unlink_once(&caller, target, Some(&examined), origin)).await
    }

    async fn unlink_once(
        &self,
        caller: &CallingMachine,
        target: MachineId,
        password: Option<&Examined>,
        origin: &Origin,
    ) -> Result<(), Error> {
        let now = self.now();
        let id = caller.account.id;
        let transaction = self.db.begin().await?;
        let account = account::find_for_update(&transaction, id).await?;
        let account = account.ok_or(Error::InvalidCredentials)?;
        if let Some(examined) = password
            && !self.is_password(&transaction, &account, examined, now).await?
        {
            transaction.commit().await?;
            return Err(Error::InvalidCredentials);
        }
        let actor = Actor::machine(caller.link.machine.id, origin.ip);
        unlink_machine(&transaction, id, target, actor, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}
