//! A wizard, and a service that says what a test has it say.

use gestan_account_client::{
    Code, Error,
    v1::{Account, ErrorReason, GetResponse, ListTimeEntriesResponse, Machine},
};
use gestan_account_wizard::{
    Action, Answer, Call, Field, Kept, Language, Link, Moment, Request, Wizard,
};
use jiff::tz::TimeZone;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

/// The name of this machine.
pub(crate) const MACHINE: &str = "Caisse 1";

/// A wizard with the call that it waits for.
pub(crate) struct Scene {
    pub(crate) wizard: Wizard,
    pub(crate) call: Option<Call>,
}

impl Scene {
    /// On a machine that belongs to no account.
    pub(crate) fn unlinked() -> Self {
        Self::of(Kept::new(machine()))
    }

    /// On a machine that is linked, with its form in sight.
    pub(crate) fn linked() -> Self {
        let mut scene = Self::linked_before_reading();
        scene.answer(Answer::Get(read(account())));
        scene.answer(Answer::ListTimeEntries(ListTimeEntriesResponse::default()));
        scene
    }

    /// The same, while the account is being read.
    pub(crate) fn linked_before_reading() -> Self {
        let link = Some(Link { account_id: 7, token: "s3cr3t-of-the-link".to_owned() });
        Self::of(Kept { link, ..Kept::new(machine()) })
    }

    fn of(kept: Kept) -> Self {
        let mut ids = 0;
        let new_id = move || {
            ids += 1;
            format!("request-{ids}")
        };
        let mut wizard = Wizard::new(kept, Language::French, "https://comptes.example", new_id);
        let call = wizard.start();
        Self { wizard, call }
    }

    /// The person does something; a call that was under way for nobody is forgotten.
    pub(crate) fn act(&mut self, action: Action) {
        let call = self.wizard.act(action);
        if call.is_some() || !self.wizard.is_waiting() {
            self.call = call;
        }
    }

    pub(crate) fn types(&mut self, field: Field, text: &str) {
        self.wizard.set(field, text);
    }

    /// What the service is asked.
    pub(crate) fn asked(&self) -> &Request {
        self.call.as_ref().expect("a call is under way").request()
    }

    pub(crate) fn answer(&mut self, answer: Answer) {
        self.end(Ok(answer));
    }

    pub(crate) fn refuse(&mut self, reason: ErrorReason) {
        self.end(Err(refusal(reason, &[])));
    }

    pub(crate) fn end(&mut self, answer: Result<Answer, Error>) {
        let id = self.call.take().expect("a call is under way").id();
        self.call = self.wizard.answered(id, answer, &moment());
    }
}

pub(crate) fn machine() -> Machine {
    Machine { id: "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11".to_owned(), name: MACHINE.to_owned() }
}

pub(crate) fn account() -> Account {
    Account {
        id: 7,
        etag: "e1".to_owned(),
        email: "jeanne@exemple.fr".to_owned(),
        city: "Lille".to_owned(),
        country_code: "FRA".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn read(account: Account) -> GetResponse {
    GetResponse { account: Some(account), ..Default::default() }
}

pub(crate) fn moment() -> Moment {
    let now = "2026-11-28T08:00:30Z".parse().expect("a time");
    Moment { now, zone: TimeZone::get("Europe/Paris").expect("a zone") }
}

/// Nobody answers.
pub(crate) fn gone() -> Error {
    Error::from(Status::unavailable("connection refused"))
}

/// The service refuses, for these fields.
pub(crate) fn refusal(reason: ErrorReason, fields: &[(&str, &str)]) -> Error {
    let domain = "gestan.account.v1";
    let mut details = ErrorDetails::with_error_info(
        reason.as_str_name(),
        domain,
        std::iter::empty::<(String, String)>().collect::<std::collections::HashMap<_, _>>(),
    );
    for (field, text) in fields {
        details.add_bad_request_violation(*field, *text);
    }
    details.set_localized_message("fr", "Refusé.");
    Error::from(Status::with_error_details(Code::InvalidArgument, "refused", details))
}
