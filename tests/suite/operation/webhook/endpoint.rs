//! What an operator may set: where events go, and what they are signed with.

use std::path::Path;

use gestan_account_server::webhook::{
    endpoint::{Endpoint, EndpointError},
    secrets::Secrets,
};
use gestan_account_tests::SECRET;
use uuid::Uuid;

use super::LIMIT;

fn endpoint(url: &str) -> Result<Endpoint, EndpointError> {
    Endpoint::new(url, SECRET.parse().expect("a secret"), None, LIMIT)
}

#[test]
fn events_go_by_https_or_to_this_machine() {
    for (url, place) in [
        ("https://crm.exemple/evenements?jeton=s3cr3t", "https://crm.exemple"),
        ("https://crm.exemple:8443", "https://crm.exemple:8443"),
        ("https://[2001:db8::1]:8443/e", "https://[2001:db8::1]:8443"),
        ("https://192.0.2.1/e", "https://192.0.2.1"),
        ("http://localhost:8080/e", "http://localhost:8080"),
        ("http://127.0.0.2:8080/e", "http://127.0.0.2:8080"),
        ("http://[::1]:8080/e", "http://[::1]:8080"),
    ] {
        let endpoint = endpoint(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(endpoint.place(), place);
        let shown = format!("{endpoint:?}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("evenements"), "{shown}");
    }
    for url in ["http://crm.exemple/e", "http://10.0.0.1/e", "http://localhost.exemple/e"] {
        assert!(matches!(endpoint(url), Err(EndpointError::Cleartext)), "{url}");
    }
    let huge = format!("https://crm.exemple/{}", "x".repeat(100_000));
    for url in [
        "",
        "crm.exemple",
        "/evenements",
        "https://",
        "https:///e",
        "ftp://crm.exemple/e",
        "https://jeanne:s3cr3t@crm.exemple/e",
        "https://crm.exemple/e#s3cr3t",
        "https://crm.exemple:0/e",
        "https://crm.exemple:99999/e",
        "https://crm.exemple:/e",
        "https://crm exemple/e",
        "https://crm.exemple/é ",
        "https://-/e\n",
        &huge,
    ] {
        let error = endpoint(url).expect_err(url).to_string();
        assert!(!error.contains("s3cr3t"), "{error}");
    }
    let missing = Path::new("/nowhere/ca.pem");
    let with_file = |url| Endpoint::new(url, SECRET.parse().expect("one"), Some(missing), LIMIT);
    assert!(matches!(with_file("https://crm.exemple/"), Err(EndpointError::Trust(_))));
    assert!(matches!(with_file("http://localhost/"), Err(EndpointError::NoTls)));
}

#[test]
fn a_secret_is_that_of_standard_webhooks_and_several_sign_side_by_side() {
    // The example of its specification.
    let secrets: Secrets = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().expect("a secret");
    let body = r#"{"test": 2432232314}"#;
    let id = Uuid::from_u128(1);
    let alone = secrets.sign(id, 1_614_265_330, body);
    assert!(alone.starts_with("v1,") && !alone.contains(' '), "{alone}");
    let both = format!("{SECRET}\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let both: Secrets = both.parse().expect("two secrets");
    let signed = both.sign(id, 1_614_265_330, body);
    assert_eq!(signed.split(' ').count(), 2);
    assert_eq!(signed.split(' ').nth(1), Some(&*alone));
    assert!(!format!("{both:?}").contains("MDEy"), "{both:?}");
    let huge = format!("whsec_{}", "A".repeat(1_000_000));
    let five = [SECRET; 5].join(" ");
    for text in [
        "",
        " ,\n",
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        "whsec_",
        "whsec_c2VjcmV0",
        "whsec_é",
        &huge,
        &five,
    ] {
        let error = text.parse::<Secrets>().expect_err(text);
        assert!(!error.contains("c2VjcmV0") && error.len() < 100, "{error}");
    }
}
