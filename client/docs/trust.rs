use gestan_account_client::{Client, ClientOptions, Error, TlsOptions};

/// Connects to a service whose certificate the company's own authority signed,
/// and to no other.
async fn connect(url: &str, authority_pem: &str) -> Result<Client, Error> {
    let tls = TlsOptions::new().system_roots(false).ca_certificate_pem(authority_pem);
    Client::connect(url, ClientOptions::new().tls(tls)).await
}
