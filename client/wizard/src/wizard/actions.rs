//! What a person can do, screen by screen. Nothing here forgets what was typed, but for the changes
//! of the form when the person says so.

use gestan_account_client::v1::{LinkedMachine, ListCountriesRequest, UnlinkRequest};

use crate::{
    Action, Call, Field, Proof, Purpose, Request, Said, Screen, Trouble, texts,
    wizard::{Doing, Found, Wizard},
};

impl Wizard {
    pub(super) fn perform(&mut self, action: Action) -> Option<Call> {
        match (self.screen.clone(), action) {
            (_, Action::Again) => {
                let (doing, request) = self.unanswered.take()?;
                Some(self.call(doing, request))
            }
            (_, Action::Back) => self.back(),
            (_, Action::Cancel) => None,
            (_, Action::Submit) => self.submit(),
            (Screen::Choose, Action::Create) => {
                self.screen = Screen::Create;
                if self.notice.is_some() { None } else { Some(self.ask_for_notice()) }
            }
            (Screen::Choose, Action::RegisterExisting) => self.show(Screen::Existing),
            (Screen::Choose, Action::Forgotten) => self.show(Screen::Forgotten),
            (Screen::Choose | Screen::Account, Action::Resume) => self.resume(),
            (Screen::Code, Action::SendAgain) => self.send_again(),
            (Screen::Code | Screen::Password, Action::GiveUp) => {
                self.typed.forget(&[Field::Code]);
                self.keep_pending(None);
                self.home()
            }
            (Screen::Countries, Action::PickCountry(code)) => self.pick(Field::Country, &code),
            (Screen::ApeCodes, Action::PickApe(code)) => self.pick(Field::ApeCode, &code),
            (Screen::ApeCodes, Action::MoreApe) => {
                self.has_more_ape_codes().then(|| self.search_ape_codes())
            }
            (Screen::Account, action) if self.form.is_some() => self.perform_on_form(action),
            _ => None,
        }
    }

    /// The buttons of the form.
    fn perform_on_form(&mut self, action: Action) -> Option<Call> {
        match action {
            Action::Detach => self.show(Screen::Detach),
            Action::DetachMachine(id) => {
                let named = |linked: &LinkedMachine| {
                    linked.machine.as_ref().filter(|machine| machine.id == id).cloned()
                };
                let machine = self.machines().iter().find_map(named)?;
                self.show(Screen::Prove(Proof::DetachMachine { id, name: machine.name }))
            }
            Action::MailCode => Some(self.mail(Purpose::Forgotten, "")),
            Action::ChangePassword => self.show(Screen::ChangePassword),
            Action::Rename => self.show(Screen::Rename),
            Action::KeepAddress => {
                let is_pending = self.account().is_some_and(|it| !it.pending_email.is_empty());
                if is_pending { self.show(Screen::Prove(Proof::KeepAddress)) } else { None }
            }
            Action::SearchCountry => {
                self.screen = Screen::Countries;
                let known_version = self.countries.version.clone();
                let locale = self.language.tag().to_owned();
                let request = ListCountriesRequest { known_version, locale };
                Some(self.call(Doing::Countries, Request::ListCountries(request)))
            }
            Action::SearchApe => self.show(Screen::ApeCodes),
            _ => None,
        }
    }

    fn submit(&mut self) -> Option<Call> {
        if let Some(field) = self.first_empty() {
            self.trouble = Some(Trouble::of(field, texts::answer_needed(self.language)));
            return None;
        }
        match self.screen.clone() {
            Screen::Choose => None,
            Screen::Create => Some(self.create()),
            Screen::Forgotten => {
                let recipient = self.typed.trimmed(Field::Recipient).to_owned();
                Some(self.mail(Purpose::Forgotten, &recipient))
            }
            Screen::Existing => self.register(),
            Screen::Code => self.confirm(),
            Screen::Password => self.set_password(),
            Screen::Account => {
                if self.has_changes() {
                    self.show(Screen::Prove(Proof::Update))
                } else {
                    let text = texts::nothing_changed(self.language);
                    self.said.push(Said::Note(text.to_owned()));
                    None
                }
            }
            Screen::Prove(proof) => self.prove(proof),
            Screen::Detach => {
                Some(self.call(Doing::Detach, Request::Unlink(UnlinkRequest::default())))
            }
            Screen::Rename => Some(self.rename()),
            Screen::ChangePassword => self.change_password(),
            Screen::Countries => {
                let matching = self.countries();
                let only = match matching.as_slice() {
                    [country] => country.code.clone(),
                    _ => return None,
                };
                self.pick(Field::Country, &only)
            }
            Screen::ApeCodes => {
                self.found = Found::default();
                Some(self.search_ape_codes())
            }
            Screen::Abandon => {
                if let Some(form) = &mut self.form {
                    form.draft.wanted = form.draft.base.clone();
                }
                self.show(Screen::Account)
            }
        }
    }

    /// The first field of the screen without which nothing can be sent.
    fn first_empty(&self) -> Option<Field> {
        let needed = !matches!(self.screen, Screen::Account | Screen::Countries);
        let mut fields = self.screen.fields().iter().copied();
        fields.find(|field| needed && self.typed.trimmed(*field).is_empty())
    }

    fn back(&mut self) -> Option<Call> {
        match self.screen {
            Screen::Account if self.has_changes() => self.screen = Screen::Abandon,
            Screen::Choose | Screen::Account => self.wants_to_close = true,
            _ => self.screen = self.parent(),
        }
        if self.screen == Screen::Account && self.form.is_none() && !self.wants_to_close {
            return Some(self.open());
        }
        None
    }

    fn parent(&self) -> Screen {
        if self.kept.link.is_some() { Screen::Account } else { Screen::Choose }
    }

    fn resume(&mut self) -> Option<Call> {
        let pending = self.kept.pending.as_ref()?;
        let has_ticket = pending.ticket.is_some();
        self.show(if has_ticket { Screen::Password } else { Screen::Code })
    }

    fn pick(&mut self, field: Field, code: &str) -> Option<Call> {
        self.set(field, code);
        self.show(Screen::Account)
    }

    pub(super) fn show(&mut self, screen: Screen) -> Option<Call> {
        self.screen = screen;
        None
    }
}
