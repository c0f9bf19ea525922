//! The state of the window. `actions` has what a person can do, `answers` what the service's answers
//! lead to, `sending` which call a screen makes.

mod actions;
mod answers;
mod refusals;
mod sending;

use std::fmt;

use gestan_account_client::{
    Error, LinkToken,
    v1::{
        Account, ApeCode, Country, GetRequest, LinkedMachine, ListCountriesResponse,
        ListTimeEntriesResponse,
    },
};

use crate::{
    Action, Answer, Call, CallId, Field, Kept, Language, Moment, Pending, Request, Said, Screen,
    Strength, Trouble, draft::Draft, folded, strength, texts, typed::Typed,
};

/// Where the person is, what was typed, and what is under way.
pub struct Wizard {
    language: Language,
    /// What messages call the service: its URL.
    server: String,
    kept: Kept,
    is_unsaved: bool,
    screen: Screen,
    typed: Typed,
    form: Option<Form>,
    unlink_others: bool,
    notice: Option<String>,
    countries: ListCountriesResponse,
    found: Found,
    under_way: Option<UnderWay>,
    /// The last call, if nobody answered it: it may be made again as it was.
    unanswered: Option<(Doing, Request)>,
    trouble: Option<Trouble>,
    said: Vec<Said>,
    wants_to_close: bool,
    calls_made: u64,
    new_id: Box<dyn FnMut() -> String + Send>,
}

/// The account of a linked machine, as it was read last.
#[derive(Debug)]
struct Form {
    draft: Draft,
    machines: Vec<LinkedMachine>,
    time: ListTimeEntriesResponse,
}

/// What a search for activities has found so far.
#[derive(Debug, Default)]
struct Found {
    query: String,
    codes: Vec<ApeCode>,
    next_page_token: String,
}

#[derive(Debug)]
struct UnderWay {
    id: CallId,
    doing: Doing,
    request: Request,
}

/// What a call is for, beyond what its request says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    Notice,
    Mail(Pending),
    Confirm,
    NewPassword,
    ChangePassword,
    Register,
    Rename,
    Open,
    Time,
    Update,
    /// Reads the account after a change whose outcome is unknown, or that came too late.
    Reread,
    KeepAddress,
    Detach,
    DetachMachine {
        name: String,
    },
    Countries,
    ApeCodes,
}

impl Wizard {
    /// A wizard of a machine that remembers `kept`. `server` is what messages call the service;
    /// `new_id` makes a new UUID for each request.
    #[must_use]
    pub fn new(
        kept: Kept,
        language: Language,
        server: impl Into<String>,
        new_id: impl FnMut() -> String + Send + 'static,
    ) -> Self {
        let screen = if kept.link.is_some() { Screen::Account } else { Screen::Choose };
        let mut typed = Typed::default();
        typed.set(Field::MachineName, &kept.machine.name);
        Self {
            language,
            server: server.into(),
            kept,
            is_unsaved: false,
            screen,
            typed,
            form: None,
            unlink_others: false,
            notice: None,
            countries: ListCountriesResponse::default(),
            found: Found::default(),
            under_way: None,
            unanswered: None,
            trouble: None,
            said: Vec::new(),
            wants_to_close: false,
            calls_made: 0,
            new_id: Box::new(new_id),
        }
    }

    /// The first call: a linked machine reads its account.
    pub fn start(&mut self) -> Option<Call> {
        self.kept.link.is_some().then(|| self.open())
    }

    /// What is in sight.
    #[must_use]
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// What the window speaks.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// What stands in a field.
    #[must_use]
    pub fn value(&self, field: Field) -> &str {
        if field.path().is_some() {
            let wanted = self.form.as_ref().map(|form| &form.draft.wanted);
            return wanted.and_then(|account| field.of(account)).map_or("", String::as_str);
        }
        self.typed.get(field)
    }

    /// What the service has in a field of the form.
    #[must_use]
    pub fn read_value(&self, field: Field) -> &str {
        self.account().and_then(|account| field.of(account)).map_or("", String::as_str)
    }

    /// Takes what was typed into a field; what was said of it before no longer holds.
    pub fn set(&mut self, field: Field, text: &str) {
        if field.path().is_some() {
            let wanted = self.form.as_mut().map(|form| &mut form.draft.wanted);
            if let Some(place) = wanted.and_then(|account| field.of_mut(account)) {
                text.clone_into(place);
            }
        } else {
            self.typed.set(field, text);
        }
        if let Some(trouble) = &mut self.trouble {
            trouble.fields.retain(|(other, _)| *other != field);
            trouble.may_repeat = false;
        }
    }

    /// Whether a field of the form differs from what was read.
    #[must_use]
    pub fn is_changed(&self, field: Field) -> bool {
        self.form.as_ref().is_some_and(|form| form.draft.changes().any(|other| other == field))
    }

    /// Whether the form has changes that were not sent.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.form.as_ref().is_some_and(|form| form.draft.changes().next().is_some())
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error_of(&self, field: Field) -> Option<&str> {
        let mut faults = self.trouble.iter().flat_map(|trouble| &trouble.fields);
        faults.find(|(other, _)| *other == field).map(|(_, text)| text.as_str())
    }

    /// Why the last action came to nothing.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// What the last action came to.
    #[must_use]
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// The same, for who tells it once.
    pub fn take_said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    /// Whether the person waits for an answer.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.under_way.is_some() && !self.is_in_background()
    }

    /// Whether the window is to be closed.
    #[must_use]
    pub fn wants_to_close(&self) -> bool {
        self.wants_to_close
    }

    /// What is to be kept until the next run.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Whether that has changed since this was asked last.
    pub fn take_unsaved(&mut self) -> bool {
        std::mem::take(&mut self.is_unsaved)
    }

    /// Tells the person that it could not be kept, and why.
    pub fn could_not_keep(&mut self, why: &str) {
        let details = vec![why.to_owned()];
        let message = texts::not_kept(self.language).to_owned();
        self.trouble = Some(Trouble { message, details, ..Trouble::default() });
    }

    /// The account as it was read last.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.form.as_ref().map(|form| &form.draft.base)
    }

    /// The account's machines.
    #[must_use]
    pub fn machines(&self) -> &[LinkedMachine] {
        self.form.as_ref().map_or(&[], |form| &form.machines)
    }

    /// The support time that is left, and the newest entries; none where none was ever bought.
    #[must_use]
    pub fn time(&self) -> Option<&ListTimeEntriesResponse> {
        self.form.as_ref().map(|form| &form.time).filter(|time| !time.entries.is_empty())
    }

    /// What becomes of the data (GDPR, article 13), once it is there.
    #[must_use]
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Whether a new password also detaches all other machines.
    #[must_use]
    pub fn unlink_others(&self) -> bool {
        self.unlink_others
    }

    /// Chooses that.
    pub fn set_unlink_others(&mut self, yes: bool) {
        self.unlink_others = yes;
    }

    /// The countries that have all the words of the search.
    #[must_use]
    pub fn countries(&self) -> Vec<&Country> {
        let query = folded(self.typed.get(Field::CountryQuery));
        let matches = |country: &&Country| {
            let name = folded(&format!("{} {}", country.name, country.code));
            let has = |word: &str| name.split(' ').any(|other| other.starts_with(word));
            query.split(' ').all(has)
        };
        self.countries.countries.iter().filter(matches).collect()
    }

    /// The activities that were found.
    #[must_use]
    pub fn ape_codes(&self) -> &[ApeCode] {
        &self.found.codes
    }

    /// Whether there are more of them.
    #[must_use]
    pub fn has_more_ape_codes(&self) -> bool {
        !self.found.next_page_token.is_empty()
    }

    /// What the new password is worth, once one was begun.
    #[must_use]
    pub fn strength(&self) -> Option<Strength> {
        let password = self.typed.get(Field::NewPassword);
        (!password.is_empty()).then(|| strength(password, &self.known()))
    }

    /// What a guesser knows of the person.
    fn known(&self) -> Vec<&str> {
        let of_account = self.account().into_iter().flat_map(|account| {
            [&account.email, &account.company_name, &account.last_name, &account.first_name]
        });
        let recipient = self.kept.pending.iter().map(|pending| &pending.recipient);
        of_account.chain(recipient).map(String::as_str).filter(|text| !text.is_empty()).collect()
    }

    /// What a person chose. Gives the call that is to be made, if there is one.
    pub fn act(&mut self, action: Action) -> Option<Call> {
        if self.is_waiting() {
            if matches!(action, Action::Cancel | Action::Back) {
                self.stop_waiting();
            }
            return None;
        }
        // Its answer, if it still comes, is of before what the person does now.
        self.under_way = None;
        self.said.clear();
        let may_repeat = self.trouble.take().is_some_and(|trouble| trouble.may_repeat);
        if action == Action::Again && !may_repeat {
            return None;
        }
        self.perform(action)
    }

    /// What a call was answered; an answer that nobody waits for any more changes nothing. Gives
    /// the call that follows, if there is one.
    pub fn answered(
        &mut self,
        id: CallId,
        answer: Result<Answer, Error>,
        moment: &Moment,
    ) -> Option<Call> {
        let UnderWay { doing, request, .. } =
            self.under_way.take_if(|under_way| under_way.id == id)?;
        match answer {
            Ok(answer) => {
                self.unanswered = None;
                self.take_answer(doing, &request, answer, moment)
            }
            Err(error) => self.take_refusal(&doing, request, &error, moment),
        }
    }

    fn call(&mut self, doing: Doing, request: Request) -> Call {
        self.calls_made += 1;
        let id = CallId(self.calls_made);
        self.unanswered = None;
        self.under_way = Some(UnderWay { id, doing, request: request.clone() });
        Call { id, request, token: self.link_token() }
    }

    fn link_token(&self) -> Option<LinkToken> {
        LinkToken::parse(self.kept.link.as_ref()?.token.as_str()).ok()
    }

    /// What completes a form that is in sight already keeps nobody waiting.
    fn is_in_background(&self) -> bool {
        let doing = self.under_way.as_ref().map(|under_way| &under_way.doing);
        match doing {
            Some(Doing::Time) => true,
            Some(Doing::Open) => self.form.is_some(),
            _ => false,
        }
    }

    fn stop_waiting(&mut self) {
        let Some(UnderWay { doing, request, .. }) = self.under_way.take() else { return };
        self.unanswered = again(doing, request);
        let message = texts::no_longer_waiting(self.language).to_owned();
        let may_repeat = self.unanswered.is_some();
        self.trouble = Some(Trouble { message, may_repeat, ..Trouble::default() });
    }

    /// The first screen of this machine, read anew if it is linked.
    fn home(&mut self) -> Option<Call> {
        if self.kept.link.is_some() {
            self.screen = Screen::Account;
            return Some(self.open());
        }
        self.screen = Screen::Choose;
        None
    }

    fn keep_pending(&mut self, pending: Option<Pending>) {
        self.kept.pending = pending;
        self.is_unsaved = true;
    }

    fn done(&mut self, text: impl Into<String>) {
        self.said.push(Said::Done(text.into()));
    }

    fn note(&mut self, text: impl Into<String>) {
        self.said.push(Said::Note(text.into()));
    }
}

/// What may be done again when nobody has answered: a change of the form may have taken place, so
/// that the account is read; a change of the password can only be tried out.
fn again(doing: Doing, request: Request) -> Option<(Doing, Request)> {
    match doing {
        Doing::ChangePassword => None,
        Doing::Update => Some((Doing::Reread, Request::Get(GetRequest::default()))),
        doing => Some((doing, request)),
    }
}

/// Shows no secret, and nothing that a person typed.
impl fmt::Debug for Wizard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wizard")
            .field("screen", &self.screen)
            .field("kept", &self.kept)
            .field("typed", &self.typed)
            .field("draft", &self.form.as_ref().map(|form| &form.draft))
            .field("under_way", &self.under_way.as_ref().map(|under_way| &under_way.doing))
            .finish_non_exhaustive()
    }
}
