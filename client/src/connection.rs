//! Turns a URL and options into the endpoint of a channel, which connects, and
//! connects again when the connection breaks.

use std::time::Duration;

use tonic::transport::Endpoint;

use crate::{error::Error, options::ClientOptions};

/// A silent connection is pinged after this long, even when no call is under way:
/// routers forget idle connections without a word, and the next call would wait in
/// vain.
pub(crate) const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// A connection that does not answer a ping for this long is given up. It is shorter
/// than the deadline of a call, so that a repeat has time on a fresh connection.
pub(crate) const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// The endpoints of the replicas of one service. Secrets go to any of them, so
/// none may be without TLS when another has it.
pub(crate) fn endpoints<U: AsRef<str>>(
    urls: impl IntoIterator<Item = U>,
    options: &ClientOptions,
) -> Result<Vec<Endpoint>, Error> {
    let endpoints: Vec<Endpoint> =
        urls.into_iter().map(|url| endpoint(url.as_ref(), options)).collect::<Result<_, _>>()?;
    let [first, others @ ..] = &endpoints[..] else {
        return Err(Error::InvalidOptions("there must be a URL".into()));
    };
    if others.iter().any(|other| other.uri().scheme() != first.uri().scheme()) {
        let text = "some of the URLs begin with https:// and some with http://";
        return Err(Error::InvalidOptions(text.into()));
    }
    Ok(endpoints)
}

fn endpoint(url: &str, options: &ClientOptions) -> Result<Endpoint, Error> {
    // The scheme is taken from the text: tonic takes `unix:` paths, too, and calls them
    // http.
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let secure = match scheme.as_deref() {
        Some("http") => false,
        Some("https") => true,
        _ => {
            let text = "the URL must begin with http:// or https://";
            return Err(Error::InvalidOptions(text.into()));
        }
    };
    let endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|error| Error::InvalidOptions(format!("not a URL: {error}")))?;
    let endpoint = endpoint
        .user_agent(crate::USER_AGENT)
        .map_err(|error| Error::InvalidOptions(format!("no name of a program: {error}")))?
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    if secure { with_tls(endpoint, options) } else { Ok(endpoint) }
}

#[cfg(feature = "tls")]
fn with_tls(endpoint: Endpoint, options: &ClientOptions) -> Result<Endpoint, Error> {
    options.tls.protect(endpoint, options.connect_timeout)
}

#[cfg(not(feature = "tls"))]
fn with_tls(_: Endpoint, _: &ClientOptions) -> Result<Endpoint, Error> {
    let text = "an https:// URL needs the feature `tls` of gestan-account-client";
    Err(Error::InvalidOptions(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_http_url_is_refused() {
        for url in ["", "compte.example.fr", "unix:/tmp/socket", "ftp://example.fr", "http://"] {
            let result = endpoint(url, &ClientOptions::new());
            assert!(matches!(result, Err(Error::InvalidOptions(_))), "{url:?}");
        }
        assert!(endpoint("http://[::1]:50051", &ClientOptions::new()).is_ok());
    }

    #[test]
    fn urls_are_at_least_one_and_all_in_clear_or_none() {
        let refused: [&[&str]; 3] = [
            &[],
            &["http://a.example.fr", "nonsense"],
            &["https://a.example.fr", "http://b.example.fr"],
        ];
        for urls in refused {
            let result = endpoints(urls, &ClientOptions::new());
            assert!(matches!(result, Err(Error::InvalidOptions(_))), "{urls:?}");
        }
        let urls = ["http://a.example.fr", "HTTP://b.example.fr"];
        assert_eq!(endpoints(urls, &ClientOptions::new()).unwrap().len(), 2);
    }

    #[cfg(feature = "tls")]
    #[test]
    fn tls_options_that_cannot_work_are_refused() {
        use crate::options::TlsOptions;

        let refused = [
            TlsOptions::new().system_roots(false),
            TlsOptions::new().system_roots(false).ca_certificate_pem("not PEM"),
            TlsOptions::new().client_certificate_pem("not PEM", "s3cr3t"),
        ];
        for tls in refused {
            assert!(!format!("{tls:?}").contains("s3cr3t"));
            let result = endpoint("https://example.fr", &ClientOptions::new().tls(tls));
            assert!(matches!(result, Err(Error::InvalidOptions(_))));
        }
    }
}
