//! Why a proxy did not lead to the service, in words for whoever can mend it.

use hyper::StatusCode;

/// Why a proxy did not lead to the service: one of the causes of
/// [`Error::Transport`](crate::Error::Transport). It shows neither user nor password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proxy {proxy}, asked for {target}, {fault}")]
pub struct ProxyError {
    proxy: String,
    target: String,
    fault: ProxyFault,
}

impl ProxyError {
    pub(crate) fn new(proxy: String, target: String, fault: ProxyFault) -> Self {
        Self { proxy, target, fault }
    }

    /// Host and port of the proxy.
    #[must_use]
    pub fn proxy(&self) -> &str {
        &self.proxy
    }

    /// Host and port of the service, as the proxy was asked for them.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What the proxy did.
    #[must_use]
    pub fn fault(&self) -> &ProxyFault {
        &self.fault
    }
}

/// What a proxy did instead of leading to the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFault {
    /// No address of the proxy took the connection.
    #[error("cannot be reached ({0}): are its name and port right, and is this its network?")]
    Unreached(String),

    /// It took the connection, and said nothing before the time was over.
    #[error("does not answer in time: is it at work, and can it reach the service?")]
    NoAnswer,

    /// It asks for a user and a password, and got none.
    #[error("asks for a user and a password: set them with the proxy")]
    PasswordNeeded,

    /// It does not take the user and the password that it got.
    #[error("does not take this user and password: correct them")]
    PasswordRefused,

    /// It asks for a sign-on that this client does not know, such as Negotiate or NTLM.
    #[error(
        "asks for a sign-on by {} (407), and only Basic is known here: its administrator has to \
         let this way through without",
        .0.join(", ")
    )]
    UnknownSignOn(Vec<String>),

    /// It does not let this way through; the number is HTTP's status.
    #[error("does not let it through ({0}): its administrator has to allow CONNECT to that place")]
    Refused(u16),

    /// It does not get there; the number is HTTP's status.
    #[error(
        "does not get there ({0}): is the service's address right, and has the proxy a way out?"
    )]
    NoWay(u16),

    /// It ended the connection before it had answered.
    #[error("hung up before it had answered: is it a proxy for HTTP, and lets this machine in?")]
    HungUp,

    /// Its answer is not HTTP, or more of it than a proxy has to say.
    #[error("does not answer as a proxy does: is it a proxy for HTTP, and this its port?")]
    NotHttp,

    /// The connection to it broke.
    #[error("cannot be talked to: {0}")]
    Broken(String),
}

impl ProxyFault {
    pub(super) fn of_status(status: StatusCode, schemes: Vec<String>, has_password: bool) -> Self {
        let knows_basic = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"));
        // Some answer a wrong password as a server would, not as a proxy.
        let wants_password =
            matches!(status, StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED);
        if wants_password {
            if !knows_basic && !schemes.is_empty() {
                Self::UnknownSignOn(schemes)
            } else if has_password {
                Self::PasswordRefused
            } else {
                Self::PasswordNeeded
            }
        } else if status.is_server_error() {
            Self::NoWay(status.as_u16())
        } else {
            Self::Refused(status.as_u16())
        }
    }

    pub(super) fn of(error: &hyper::Error) -> Self {
        if error.is_parse() {
            Self::NotHttp
        } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            Self::HungUp
        } else {
            let cause = std::error::Error::source(error);
            Self::Broken(cause.map_or_else(|| error.to_string(), ToString::to_string))
        }
    }

    /// Whether to ask again soon is of no use, and perhaps counted as a guess.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::PasswordNeeded
                | Self::PasswordRefused
                | Self::UnknownSignOn(_)
                | Self::Refused(_)
        )
    }
}
