//! The support desk, as its agents call it: with a key, past the client, which has no calls
//! of theirs.

use std::{collections::BTreeMap, fmt::Debug, net::SocketAddr};

use gestan_account_proto::support::v1::support_service_client::SupportServiceClient;
use gestan_account_server::domain::role::Role;
use tonic::{
    Code, Request, Response, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use tonic_types::StatusExt as _;

use crate::TestServer;

/// A client of the support service.
pub type Desk = SupportServiceClient<InterceptedService<Channel, Bearer>>;

/// Sends a token, if there is one, and a language, if it is not the default.
#[derive(Clone, Debug, Default)]
pub struct Bearer {
    /// The token.
    pub token: Option<String>,
    /// The language.
    pub language: Option<&'static str>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let headers = request.metadata_mut();
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse();
            headers.insert("authorization", value.map_err(|_| Status::internal("no value"))?);
        }
        if let Some(language) = self.language {
            headers.insert("accept-language", language.parse().expect("a language"));
        }
        Ok(request)
    }
}

impl TestServer {
    /// An agent with a key of this role, who reads French.
    pub async fn desk(&self, role: Role) -> Desk {
        let (_, key) = self.support_key("Luc", role, None).await;
        self.desk_with(Some(key.reveal()), None).await
    }

    /// A caller of the support service, with this token and this language.
    pub async fn desk_with(&self, token: Option<&str>, language: Option<&'static str>) -> Desk {
        desk_at(self.address, token, language).await
    }

    /// A bare connection.
    pub async fn channel(&self) -> Channel {
        channel(self.address).await
    }
}

/// A caller of the support service of the server there, with this token and this language.
pub async fn desk_at(
    address: SocketAddr,
    token: Option<&str>,
    language: Option<&'static str>,
) -> Desk {
    let bearer = Bearer { token: token.map(str::to_owned), language };
    SupportServiceClient::with_interceptor(channel(address).await, bearer)
}

async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("a URL");
    endpoint.connect().await.expect("the server answers")
}

/// What a refusal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The code.
    pub code: Code,
    /// The reason, without its prefix.
    pub reason: String,
    /// What varies.
    pub metadata: BTreeMap<String, String>,
    /// The words.
    pub text: String,
    /// The bad fields, and what is wrong with each.
    pub fields: Vec<(String, String)>,
}

impl Told {
    /// Takes a refusal apart.
    ///
    /// # Panics
    /// When the call succeeded, or the refusal has not the details that every one has.
    pub fn by<T: Debug>(outcome: Result<Response<T>, Status>) -> Self {
        Self::of(&outcome.expect_err("it is refused"))
    }

    /// Takes a refusal apart.
    ///
    /// # Panics
    /// When it has not the details that every one has.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().unwrap_or_else(|| panic!("no details: {status:?}"));
        let localized = details.localized_message().expect("words for a person");
        assert_eq!(info.domain, "gestan.account.v1");
        let bad = details.bad_request().map(|bad| bad.field_violations.as_slice());
        let bad = bad.unwrap_or_default().iter();
        Self {
            code: status.code(),
            reason: info.reason.trim_start_matches("ERROR_REASON_").to_owned(),
            metadata: info.metadata.clone().into_iter().collect(),
            text: localized.message.clone(),
            fields: bad
                .map(|bad| {
                    let reason = bad.reason.trim_start_matches("VIOLATION_REASON_");
                    (bad.field.clone(), reason.to_owned())
                })
                .collect(),
        }
    }

    /// The code and the reason.
    #[must_use]
    pub fn why(&self) -> (Code, &str) {
        (self.code, &self.reason)
    }

    /// What this variable is.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }
}
