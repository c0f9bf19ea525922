//! What a refusal, or no answer, leads to: the person stays where the mistake can be mended, with
//! everything that was typed.

use gestan_account_client::{
    Error,
    v1::{ErrorReason, GetRequest},
};

use crate::{
    Call, Field, Moment, Request, Screen, Trouble, texts,
    wizard::{Doing, Wizard, again},
};

impl Wizard {
    pub(super) fn take_refusal(
        &mut self,
        doing: &Doing,
        request: Request,
        error: &Error,
        moment: &Moment,
    ) -> Option<Call> {
        if *doing == Doing::Time {
            // A service of before has no time credit: the form does without.
            return None;
        }
        let reason = error.reason();
        if *doing == Doing::Update && is_about_form(error) {
            // Its fields are on the form.
            self.screen = Screen::Account;
        }
        let mut trouble = Trouble::new(error, &self.screen, &self.server, moment, self.language);
        let was_unanswered = trouble.may_repeat;
        self.unanswered = if was_unanswered { again(doing.clone(), request) } else { None };
        trouble.may_repeat = self.unanswered.is_some();
        match (doing, reason) {
            (Doing::Detach, Some(ErrorReason::InvalidCredentials)) => {
                // Another machine has detached this one already.
                self.detached();
                return None;
            }
            (Doing::Open | Doing::Reread, Some(ErrorReason::InvalidCredentials)) => {
                self.kept.link = None;
                self.form = None;
                self.keep_pending(None);
                self.screen = Screen::Choose;
            }
            (Doing::Confirm, Some(ErrorReason::EmailTaken)) => {
                self.typed.forget(&[Field::Code]);
                self.trouble = Some(trouble);
                self.keep_pending(None);
                return self.home();
            }
            (
                Doing::NewPassword,
                Some(
                    ErrorReason::TicketSpent
                    | ErrorReason::TicketExpired
                    | ErrorReason::InvalidCredentials,
                ),
            ) => {
                // The way out is another mail.
                self.trouble = Some(trouble);
                self.keep_pending(None);
                return self.home();
            }
            (Doing::ChangePassword, None) if was_unanswered => {
                trouble.details.insert(0, texts::perhaps_changed(self.language).to_owned());
            }
            (Doing::Update, Some(ErrorReason::EtagMismatch)) => {
                self.trouble = Some(trouble);
                return Some(self.reread());
            }
            // After a lost answer, only the account itself can tell.
            (Doing::Update, None) if was_unanswered => {
                self.trouble = Some(trouble);
                return Some(self.reread());
            }
            _ => {}
        }
        self.trouble = Some(trouble);
        None
    }

    fn reread(&mut self) -> Call {
        self.call(Doing::Reread, Request::Get(GetRequest::default()))
    }
}

/// Whether a change was refused for what stands in the form.
fn is_about_form(error: &Error) -> bool {
    let violations = error.rejection().map_or(&[][..], |rejection| rejection.violations());
    violations.iter().any(|violation| violation.field.starts_with("account."))
}
