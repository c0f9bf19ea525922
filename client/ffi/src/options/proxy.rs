//! By which proxy the service is reached. Its password is told nowhere.

use gestan_account_client::Proxy;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Where the proxy is told.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) enum ProxyOption {
    /// By the system's settings.
    #[default]
    System,
    /// By the environment variables.
    Environment,
    /// Nowhere: there is none.
    None,
    /// By the host.
    Given { url: String, credentials: Option<(String, String)> },
}

impl ProxyOption {
    /// Reads the option.
    ///
    /// # Errors
    ///
    /// When it has another form.
    pub(super) fn parse(given: Option<Value>) -> Result<Self, Failure> {
        match given {
            None => Ok(Self::default()),
            Some(Value::String(name)) => match name.as_str() {
                "system" => Ok(Self::System),
                "environment" => Ok(Self::Environment),
                "none" => Ok(Self::None),
                _ => Err(no_proxy()),
            },
            Some(Value::Object(members)) => Self::given(members),
            Some(_) => Err(no_proxy()),
        }
    }

    fn given(mut members: Map<String, Value>) -> Result<Self, Failure> {
        let mut text = |name| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(no_proxy()),
        };
        let (url, user, password) = (text("url")?, text("user")?, text("password")?);
        let credentials = match (user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user, password)),
            _ => return Err(no_proxy()),
        };
        match url {
            Some(url) if !url.is_empty() && members.is_empty() => {
                Ok(Self::Given { url, credentials })
            }
            _ => Err(no_proxy()),
        }
    }

    /// The client's form of it.
    pub(super) fn client(&self) -> Proxy {
        match self {
            Self::System => Proxy::system(),
            Self::Environment => Proxy::environment(),
            Self::None => Proxy::none(),
            Self::Given { url, credentials: None } => Proxy::url(url),
            Self::Given { url, credentials: Some((user, password)) } => {
                Proxy::url(url).basic_auth(user, password)
            }
        }
    }
}

fn no_proxy() -> Failure {
    let forms =
        r#""system", "environment", "none" or {"url": "http://…", "user": …, "password": …}"#;
    Failure::Usage(format!("`proxy` is not {forms}; user and password are given together"))
}
