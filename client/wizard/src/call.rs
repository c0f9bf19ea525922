//! A call that the wizard wants made, and what came of it. Only [`Call::make`] knows a connection;
//! the wizard itself never calls it.

use std::fmt;

use gestan_account_client::{Error, LinkToken, blocking::Client, v1};

/// Names one call, so that an answer that comes late is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(pub(crate) u64);

/// One call to be made, by whoever has the connection.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) id: CallId,
    pub(crate) request: Request,
    pub(crate) token: Option<LinkToken>,
}

impl Call {
    /// What the answer is given back with.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.id
    }

    /// What is asked.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Makes the call, and waits for its answer.
    ///
    /// # Errors
    ///
    /// As the method of the client.
    pub fn make(self, client: &Client) -> Result<Answer, Error> {
        let linked;
        let client = match &self.token {
            Some(token) => {
                linked = client.with_link_token(token);
                &linked
            }
            None => client,
        };
        self.request.make(client)
    }
}

macro_rules! calls {
    ($($name:ident($request:ident) by $method:ident -> $response:ident;)*) => {
        /// The request of a call.
        #[derive(Clone, PartialEq)]
        pub enum Request {$(
            #[doc = concat!("As [`v1::", stringify!($request), "`].")]
            $name(v1::$request),
        )*}

        /// What a call was answered.
        #[derive(Clone)]
        pub enum Answer {$(
            #[doc = concat!("As [`v1::", stringify!($response), "`].")]
            $name(v1::$response),
        )*}

        /// Tells only what is asked: a request holds what a person typed.
        impl fmt::Debug for Request {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {$(Self::$name(_) => stringify!($request),)*})
            }
        }

        /// Tells only what was asked.
        impl fmt::Debug for Answer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {$(Self::$name(_) => stringify!($response),)*})
            }
        }

        impl Request {
            fn make(self, client: &Client) -> Result<Answer, Error> {
                match self {$(
                    Self::$name(request) => client.$method(request).map(Answer::$name),
                )*}
            }
        }
    };
}

calls! {
    Create(CreateRequest) by create -> CreateResponse;
    Confirm(ConfirmRequest) by confirm -> ConfirmResponse;
    SetPassword(SetPasswordRequest) by set_password -> SetPasswordResponse;
    RegisterExisting(RegisterExistingRequest) by register_existing -> RegisterExistingResponse;
    Get(GetRequest) by get -> GetResponse;
    ListTimeEntries(ListTimeEntriesRequest) by list_time_entries -> ListTimeEntriesResponse;
    Update(UpdateRequest) by update -> UpdateResponse;
    Unlink(UnlinkRequest) by unlink -> UnlinkResponse;
    ResendPassword(ResendPasswordRequest) by resend_password -> ResendPasswordResponse;
    ListCountries(ListCountriesRequest) by list_countries -> ListCountriesResponse;
    SearchApeCodes(SearchApeCodesRequest) by search_ape_codes -> SearchApeCodesResponse;
    GetPrivacyNotice(GetPrivacyNoticeRequest) by get_privacy_notice -> GetPrivacyNoticeResponse;
}
