//! What the service's answers lead to. Here alone, what was typed is let go: it has served.

use gestan_account_client::{
    Timestamp,
    v1::{
        ConfirmResponse, GetResponse, ListTimeEntriesResponse, SearchApeCodesResponse,
        UpdateResponse,
    },
};

use crate::{
    Answer, Call, Field, Link, Moment, Pending, Purpose, Request, Screen, Trouble,
    draft::Draft,
    texts,
    wizard::{Doing, Form, Wizard},
};

impl Wizard {
    pub(super) fn take_answer(
        &mut self,
        doing: Doing,
        request: &Request,
        answer: Answer,
        moment: &Moment,
    ) -> Option<Call> {
        match (doing, answer) {
            (Doing::Notice, Answer::GetPrivacyNotice(answer)) => self.notice = Some(answer.text),
            (Doing::Mail(pending), Answer::Create(answer)) => {
                let times = (answer.code_expire_time, answer.resend_time);
                self.mailed(
                    Pending { challenge_id: answer.challenge_id, ..pending },
                    times,
                    moment,
                );
            }
            (Doing::Mail(pending), Answer::ResendPassword(answer)) => {
                let times = (answer.code_expire_time, answer.resend_time);
                self.mailed(
                    Pending { challenge_id: answer.challenge_id, ..pending },
                    times,
                    moment,
                );
            }
            (Doing::Confirm, Answer::Confirm(answer)) => return self.confirmed(request, answer),
            (Doing::NewPassword, Answer::SetPassword(answer)) => {
                let id = answer.account.map_or(0, |account| account.id);
                self.forget_new_password();
                self.done(texts::password_set(self.language));
                return self.linked(id, answer.link_token);
            }
            (Doing::ChangePassword, Answer::SetPassword(_)) => {
                self.forget_new_password();
                self.done(texts::password_changed(self.language));
                return self.home();
            }
            (Doing::Register, Answer::RegisterExisting(answer)) => {
                let id = answer.account.map_or(0, |account| account.id);
                self.typed.forget(&[Field::Secret]);
                self.done(texts::joined(self.language));
                return self.linked(id, answer.link_token);
            }
            (Doing::Rename, Answer::RegisterExisting(answer)) => {
                return self.renamed(request, answer.link_token);
            }
            (Doing::Open, Answer::Get(answer)) => {
                self.read(answer);
                return Some(self.read_time());
            }
            (Doing::Reread, Answer::Get(answer)) => {
                self.read(answer);
                self.compare();
            }
            (Doing::Time, Answer::ListTimeEntries(answer)) => self.count(answer),
            (Doing::Update, Answer::Update(answer)) => return self.updated(request, answer),
            (Doing::KeepAddress, Answer::Update(answer)) => {
                return self.address_kept(request, answer);
            }
            (Doing::Detach, Answer::Unlink(_)) => self.detached(),
            (Doing::DetachMachine { name }, Answer::Unlink(_)) => {
                self.forget_password(request);
                self.done(texts::machine_detached(&name, self.language));
                return self.home();
            }
            // Empty when the list that is kept is up to date.
            (Doing::Countries, Answer::ListCountries(answer)) if !answer.countries.is_empty() => {
                self.countries = answer;
            }
            (Doing::ApeCodes, Answer::SearchApeCodes(answer)) => self.found(answer),
            // No call is given an answer of another kind.
            _ => {}
        }
        None
    }

    fn mailed(
        &mut self,
        pending: Pending,
        (code_expire_time, resend_time): (Option<Timestamp>, Option<Timestamp>),
        moment: &Moment,
    ) {
        let language = self.language;
        if pending.purpose == Purpose::Opening {
            self.done(texts::mail_sent(&pending.recipient, language));
        } else if self.kept.link.is_none() {
            self.done(texts::if_it_exists(language));
        } else {
            let address = self.account().map(|account| account.email.clone());
            self.done(texts::mail_sent(&address.unwrap_or_default(), language));
        }
        let until = moment.time(code_expire_time.as_ref(), language);
        self.note(texts::code_valid_until(&until, language));
        self.note(texts::other_mail(&moment.wait_until(resend_time.as_ref(), language), language));
        self.keep_pending(Some(pending));
        if self.kept.link.is_some() {
            self.note(texts::code_serves(language));
        } else {
            self.screen = Screen::Code;
        }
    }

    fn confirmed(&mut self, request: &Request, answer: ConfirmResponse) -> Option<Call> {
        if let Request::Confirm(request) = request {
            self.typed.forget_served(Field::Code, &request.code);
        }
        let language = self.language;
        if let Some(account) = answer.account {
            self.done(texts::address_is_now(&account.email, language));
            self.keep_pending(None);
            return self.home();
        }
        let pending = self.kept.pending.clone()?;
        if answer.account_existed && pending.purpose == Purpose::Opening {
            self.done(texts::account_was_there(answer.account_id, language));
            self.note(texts::choose_anew(language));
        } else {
            self.done(texts::code_right(language));
        }
        let (ticket, account_existed) = (Some(answer.ticket), answer.account_existed);
        self.keep_pending(Some(Pending { ticket, account_existed, ..pending }));
        self.unlink_others = false;
        self.show(Screen::Password)
    }

    fn linked(&mut self, account_id: u32, token: String) -> Option<Call> {
        self.kept.link = Some(Link { account_id, token });
        self.form = None;
        self.keep_pending(None);
        self.home()
    }

    fn renamed(&mut self, request: &Request, token: String) -> Option<Call> {
        let Request::RegisterExisting(request) = request else { return None };
        let machine = request.machine.clone().unwrap_or_default();
        self.typed.forget_served(Field::Password, &request.secret);
        self.done(texts::renamed(&machine.name, self.language));
        self.kept.machine = machine;
        self.kept.link = Some(Link { account_id: request.account_id, token });
        self.is_unsaved = true;
        self.home()
    }

    fn read(&mut self, answer: GetResponse) {
        let account = answer.account.unwrap_or_default();
        if let Some(form) = &mut self.form {
            form.draft.rebase(account);
            form.machines = answer.machines;
        } else {
            let time = ListTimeEntriesResponse::default();
            let draft = Draft::new(account);
            self.form = Some(Form { draft, machines: answer.machines, time });
        }
    }

    /// Says where the changes stand, once the account was read again.
    fn compare(&mut self) {
        if self.has_changes() {
            self.note(texts::as_it_is_now(self.language));
        } else {
            self.trouble = None;
            self.typed.forget(&[Field::Password]);
            self.done(texts::changes_kept(self.language));
        }
        self.screen = Screen::Account;
    }

    fn count(&mut self, answer: ListTimeEntriesResponse) {
        if let Some(form) = &mut self.form {
            form.time = answer;
        }
    }

    fn updated(&mut self, request: &Request, answer: UpdateResponse) -> Option<Call> {
        self.forget_password(request);
        let language = self.language;
        let Request::Update(sent) = request else { return None };
        if let Some(form) = &mut self.form {
            form.draft.settle(sent, answer.account.unwrap_or_default());
        }
        self.done(texts::updated(language));
        if answer.challenge_id.is_empty() {
            return self.show(Screen::Account);
        }
        let address = sent.account.as_ref().map(|account| account.email.clone());
        let address = address.unwrap_or_default();
        self.note(texts::code_to_new_address(&address, language));
        self.keep_pending(Some(Pending::new(Purpose::NewAddress, answer.challenge_id, &address)));
        self.show(Screen::Code)
    }

    fn address_kept(&mut self, request: &Request, answer: UpdateResponse) -> Option<Call> {
        self.forget_password(request);
        let waits = |pending: &Pending| pending.purpose == Purpose::NewAddress;
        if self.kept.pending.as_ref().is_some_and(waits) {
            self.keep_pending(None);
        }
        let email = answer.account.unwrap_or_default().email;
        self.done(texts::address_stays(&email, self.language));
        self.home()
    }

    pub(super) fn detached(&mut self) {
        self.kept.link = None;
        self.keep_pending(None);
        self.form = None;
        self.done(texts::detached(self.language));
        self.screen = Screen::Choose;
    }

    fn found(&mut self, answer: SearchApeCodesResponse) {
        self.found.codes.extend(answer.ape_codes);
        self.found.next_page_token = answer.next_page_token;
        if self.found.codes.is_empty() {
            let text = texts::no_such_code(self.language);
            self.trouble = Some(Trouble::of(Field::ApeQuery, text));
        }
    }

    fn forget_new_password(&mut self) {
        let served = [Field::CurrentPassword, Field::NewPassword, Field::NewPasswordAgain];
        self.typed.forget(&served);
        self.unlink_others = false;
    }

    fn forget_password(&mut self, request: &Request) {
        match request {
            Request::Update(sent) => self.typed.forget_served(Field::Password, &sent.password),
            Request::Unlink(sent) => self.typed.forget_served(Field::Password, &sent.password),
            _ => {}
        }
    }
}
