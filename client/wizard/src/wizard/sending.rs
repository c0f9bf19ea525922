//! Which call a screen makes, once what was typed can be sent.

use gestan_account_client::{
    FieldMask,
    v1::{
        Account, ConfirmRequest, CreateRequest, GetPrivacyNoticeRequest, GetRequest,
        ListTimeEntriesRequest, Machine, RegisterExistingRequest, ResendPasswordRequest,
        SearchApeCodesRequest, SetPasswordRequest, UnlinkRequest, UpdateRequest,
    },
};

use crate::{
    Call, Field, Pending, Proof, Purpose, Request, Strength, Trouble, texts,
    wizard::{Doing, Wizard},
};

/// Entries of the support time in sight.
const NEWEST_ENTRIES: i32 = 5;

/// Activities on one page.
const APE_PAGE_SIZE: i32 = 12;

impl Wizard {
    pub(super) fn open(&mut self) -> Call {
        self.call(Doing::Open, Request::Get(GetRequest::default()))
    }

    pub(super) fn read_time(&mut self) -> Call {
        let request = ListTimeEntriesRequest { page_size: NEWEST_ENTRIES, ..Default::default() };
        self.call(Doing::Time, Request::ListTimeEntries(request))
    }

    pub(super) fn ask_for_notice(&mut self) -> Call {
        let locale = self.language.tag().to_owned();
        let request = GetPrivacyNoticeRequest { locale, ..Default::default() };
        self.call(Doing::Notice, Request::GetPrivacyNotice(request))
    }

    /// No address is asked for before the person could read what becomes of it.
    pub(super) fn create(&mut self) -> Call {
        if self.notice.is_none() {
            return self.ask_for_notice();
        }
        self.name_machine();
        let email = self.typed.trimmed(Field::Email).to_owned();
        self.mail(Purpose::Opening, &email)
    }

    /// Has a code mailed. `recipient` is an address, a client ID or, for this machine's own
    /// account, empty.
    pub(super) fn mail(&mut self, purpose: Purpose, recipient: &str) -> Call {
        let unanswered = self.unanswered.take().map(|(_, request)| request);
        let machine = Some(self.kept.machine.clone());
        let locale = self.language.tag().to_owned();
        let recipient = recipient.to_owned();
        let mut request = if purpose == Purpose::Opening {
            let email = recipient.clone();
            Request::Create(CreateRequest { email, machine, locale, ..Default::default() })
        } else {
            let account_id = as_number(&recipient).unwrap_or(0);
            let email = if account_id == 0 { recipient.clone() } else { String::new() };
            let request_id = String::new();
            Request::ResendPassword(ResendPasswordRequest {
                request_id,
                account_id,
                email,
                machine,
                locale,
            })
        };
        // The ID stays for as long as the same mail is asked for: a repeat sends no second one.
        let before = unanswered.and_then(|before| same_mail(&before, &request));
        let id = before.unwrap_or_else(|| (self.new_id)());
        if let Some(place) = request_id(&mut request) {
            *place = id;
        }
        self.call(Doing::Mail(Pending::new(purpose, String::new(), &recipient)), request)
    }

    pub(super) fn send_again(&mut self) -> Option<Call> {
        let pending = self.kept.pending.clone()?;
        // Only the form can ask for a change of address again: it takes the password.
        (pending.purpose != Purpose::NewAddress)
            .then(|| self.mail(pending.purpose, &pending.recipient))
    }

    pub(super) fn register(&mut self) -> Option<Call> {
        let Some(account_id) = as_number(self.typed.get(Field::AccountId)) else {
            let text = texts::digits_only(self.language);
            self.trouble = Some(Trouble::of(Field::AccountId, text));
            return None;
        };
        self.name_machine();
        let secret = self.typed.get(Field::Secret).to_owned();
        let machine = Some(self.kept.machine.clone());
        let request = RegisterExistingRequest { account_id, secret, machine };
        Some(self.call(Doing::Register, Request::RegisterExisting(request)))
    }

    pub(super) fn rename(&mut self) -> Call {
        let account_id = self.kept.link.as_ref().map_or(0, |link| link.account_id);
        let secret = self.typed.get(Field::Password).to_owned();
        let name = self.typed.trimmed(Field::MachineName).to_owned();
        let machine = Some(Machine { id: self.kept.machine.id.clone(), name });
        let request = RegisterExistingRequest { account_id, secret, machine };
        self.call(Doing::Rename, Request::RegisterExisting(request))
    }

    pub(super) fn confirm(&mut self) -> Option<Call> {
        let challenge_id = self.kept.pending.as_ref()?.challenge_id.clone();
        let code = self.typed.get(Field::Code).to_owned();
        let request = ConfirmRequest { challenge_id, code, ..Default::default() };
        Some(self.call(Doing::Confirm, Request::Confirm(request)))
    }

    pub(super) fn set_password(&mut self) -> Option<Call> {
        let pending = self.kept.pending.as_ref()?;
        let ticket = pending.ticket.clone()?;
        let unlink_other_machines = pending.account_existed && self.unlink_others;
        let new_password = self.new_password()?;
        let request = SetPasswordRequest {
            ticket,
            new_password,
            unlink_other_machines,
            ..Default::default()
        };
        Some(self.call(Doing::NewPassword, Request::SetPassword(request)))
    }

    pub(super) fn change_password(&mut self) -> Option<Call> {
        let current_password = self.typed.get(Field::CurrentPassword).to_owned();
        let unlink_other_machines = self.unlink_others;
        let new_password = self.new_password()?;
        let request = SetPasswordRequest {
            current_password,
            new_password,
            unlink_other_machines,
            ..Default::default()
        };
        Some(self.call(Doing::ChangePassword, Request::SetPassword(request)))
    }

    /// The new password, if it was typed twice alike and is not plainly weak.
    fn new_password(&mut self) -> Option<String> {
        let password = self.typed.get(Field::NewPassword).to_owned();
        let fault = match self.strength() {
            None | Some(Strength::TooShort) => {
                (Field::NewPassword, texts::too_short(self.language))
            }
            Some(Strength::TooWeak) => (Field::NewPassword, texts::too_weak(self.language)),
            Some(Strength::Good(_)) if password != self.typed.get(Field::NewPasswordAgain) => {
                (Field::NewPasswordAgain, texts::differ(self.language))
            }
            Some(Strength::Good(_)) => return Some(password),
        };
        self.trouble = Some(Trouble::of(fault.0, fault.1));
        None
    }

    pub(super) fn prove(&mut self, proof: Proof) -> Option<Call> {
        let password = self.typed.get(Field::Password).to_owned();
        let form = self.form.as_ref()?;
        Some(match proof {
            Proof::Update => {
                let request = form.draft.request(&password);
                self.call(Doing::Update, Request::Update(request))
            }
            Proof::KeepAddress => {
                // The address in place, asked for again: what was pending is over with that.
                let email = form.draft.base.email.clone();
                let request = UpdateRequest {
                    account: Some(Account { email, ..Default::default() }),
                    update_mask: Some(FieldMask { paths: vec!["email".to_owned()] }),
                    password,
                };
                self.call(Doing::KeepAddress, Request::Update(request))
            }
            Proof::DetachMachine { id, name } => {
                let request = UnlinkRequest { machine_id: id, password, ..Default::default() };
                self.call(Doing::DetachMachine { name }, Request::Unlink(request))
            }
        })
    }

    pub(super) fn search_ape_codes(&mut self) -> Call {
        if self.found.next_page_token.is_empty() {
            self.found.query = self.typed.trimmed(Field::ApeQuery).to_owned();
        }
        let request = SearchApeCodesRequest {
            query: self.found.query.clone(),
            page_size: APE_PAGE_SIZE,
            page_token: self.found.next_page_token.clone(),
            ..Default::default()
        };
        self.call(Doing::ApeCodes, Request::SearchApeCodes(request))
    }

    /// A machine that is not linked yet takes the name that stands on the screen.
    fn name_machine(&mut self) {
        let name = self.typed.trimmed(Field::MachineName);
        if self.kept.machine.name != name {
            self.kept.machine.name = name.to_owned();
            self.is_unsaved = true;
        }
    }
}

/// A number as it is seen: spaces and what is invisible do not count.
fn as_number(text: &str) -> Option<u32> {
    let seen = text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation());
    seen.collect::<String>().parse().ok()
}

fn request_id(request: &mut Request) -> Option<&mut String> {
    match request {
        Request::Create(request) => Some(&mut request.request_id),
        Request::ResendPassword(request) => Some(&mut request.request_id),
        _ => None,
    }
}

/// The request ID of `before`, if it asked for the very mail that `now` asks for.
fn same_mail(before: &Request, now: &Request) -> Option<String> {
    let mut without_id = before.clone();
    let id = std::mem::take(request_id(&mut without_id)?);
    (without_id == *now).then_some(id)
}
