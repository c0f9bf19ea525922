//! The client's TLS options, against a real TLS listener in front of the server.

use std::{error::Error as StdError, iter::successors, net::SocketAddr, sync::Arc};

use gestan_account_client::{Client, ClientOptions, Error, TlsOptions, v1};
use gestan_account_tests::TestServer;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{RootCertStore, ServerConfig, crypto::ring, server::WebPkiClientVerifier},
};

/// A certificate authority of one's own.
struct Authority {
    pem: String,
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
struct Bearer {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let (pem, der) = (certificate.pem(), certificate.der().to_vec());
        Self { pem, der, issuer: Issuer::new(params, key) }
    }

    fn issue(&self, name: &str) -> Bearer {
        self.issue_as(name, |_| {})
    }

    fn issue_as(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Bearer {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Bearer { certificate, key }
    }
}

/// Takes the TLS off in front of `server`, as `name`; asks for certificates of
/// `clients`, if given.
async fn terminator(
    server: &TestServer,
    authority: &Authority,
    name: &str,
    clients: Option<&Authority>,
) -> SocketAddr {
    terminator_with(server, &authority.issue(name), clients, b"h2").await
}

/// The same, with this certificate, for those that speak a protocol.
async fn terminator_with(
    server: &TestServer,
    bearer: &Bearer,
    clients: Option<&Authority>,
    protocol: &[u8],
) -> SocketAddr {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_safe_default_protocol_versions().expect("versions");
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.der.clone().into()).expect("a root");
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let chain = vec![bearer.certificate.der().clone()];
    let key = bearer.key.serialize_der().try_into().expect("a key");
    let mut config = config.with_single_cert(chain, key).expect("a certificate");
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, upstream) = (listener.local_addr().expect("an address"), server.address);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut secure) = acceptor.accept(socket).await else { return };
                let mut plain = TcpStream::connect(upstream).await.expect("the server");
                let _ = copy_bidirectional(&mut secure, &mut plain).await;
            });
        }
    });
    address
}

/// Connects and makes a call, which the service answers with a refusal.
async fn call(address: SocketAddr, tls: TlsOptions) -> Result<(), Error> {
    let options = ClientOptions::new().max_attempts(1).tls(tls);
    let client = Client::connect(&format!("https://localhost:{}", address.port()), options).await?;
    match client.get(v1::GetRequest::default()).await {
        Err(Error::Rejected(rejection)) => {
            assert_eq!(rejection.reason(), v1::ErrorReason::InvalidCredentials);
            Ok(())
        }
        Err(error) => Err(error),
        Ok(answer) => panic!("{answer:?}"),
    }
}

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions::new().system_roots(false).ca_certificate_pem(&authority.pem)
}

fn assert_no_connection(outcome: &Result<(), Error>) {
    assert!(matches!(outcome, Err(Error::Transport(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_trusted_authority_is_needed() {
    let server = TestServer::start().await;
    let (ours, other) = (Authority::new(), Authority::new());
    let address = terminator(&server, &ours, "localhost", None).await;
    call(address, trusting(&ours)).await.expect("it is trusted");
    call(address, trusting(&ours).ca_certificate_pem(&other.pem)).await.expect("one of two");
    assert_no_connection(&call(address, trusting(&other)).await);
    assert_no_connection(&call(address, TlsOptions::new()).await);
    // One that the system does not know, beside those that it knows.
    let beside = |authority: &Authority| TlsOptions::new().ca_certificate_pem(&authority.pem);
    call(address, beside(&ours)).await.expect("it is trusted");
    assert_no_connection(&call(address, beside(&other)).await);
}

#[tokio::test]
async fn the_cause_of_a_refused_certificate_is_told() {
    let server = TestServer::start().await;
    let ours = Authority::new();
    let past = ours.issue_as("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let (good, misnamed) = (ours.issue("localhost"), ours.issue("compte.exemple.fr"));
    // Both ways to judge a certificate: the system's, and that of the given authorities alone.
    let beside = TlsOptions::new().ca_certificate_pem(&ours.pem);
    for (bearer, protocol, tls, words) in [
        (&good, "h2", TlsOptions::new(), "UnknownIssuer"),
        // Of the same name, but with another key.
        (&good, "h2", trusting(&Authority::new()), "BadSignature"),
        (&past, "h2", beside.clone(), "expired"),
        (&past, "h2", trusting(&ours), "expired"),
        (&misnamed, "h2", beside.clone(), "not valid for name \"localhost\""),
        (&misnamed, "h2", trusting(&ours), "not valid for name \"localhost\""),
        (&good, "http/1.1", beside, "NoApplicationProtocol"),
    ] {
        let address = terminator_with(&server, bearer, None, protocol.as_bytes()).await;
        let error = call(address, tls).await.expect_err(words);
        let causes = successors(Some(&error as &dyn StdError), |&cause| cause.source());
        let told = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[tokio::test]
async fn the_certificate_must_bear_the_name_that_is_asked_for() {
    let server = TestServer::start().await;
    let ours = Authority::new();
    let address = terminator(&server, &ours, "compte.exemple.fr", None).await;
    assert_no_connection(&call(address, trusting(&ours)).await);
    let named = trusting(&ours).domain_name("compte.exemple.fr");
    call(address, named).await.expect("the name is given");
    assert_no_connection(&call(address, trusting(&ours).domain_name("exemple.fr")).await);
}

#[tokio::test]
async fn a_client_certificate_is_shown_when_it_is_demanded() {
    let server = TestServer::start().await;
    let (ours, other) = (Authority::new(), Authority::new());
    let address = terminator(&server, &ours, "localhost", Some(&ours)).await;
    let showing = |bearer: &Bearer| {
        trusting(&ours).client_certificate_pem(bearer.certificate.pem(), bearer.key.serialize_pem())
    };
    call(address, showing(&ours.issue("caisse-1"))).await.expect("the certificate is accepted");
    assert_no_connection(&call(address, showing(&other.issue("caisse-1"))).await);
    assert_no_connection(&call(address, trusting(&ours)).await);
}

#[tokio::test]
async fn options_that_trust_nobody_are_refused_at_once() {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    for tls in [
        TlsOptions::new().system_roots(false),
        TlsOptions::new().ca_certificate_pem("no certificate"),
        TlsOptions::new().system_roots(false).ca_certificate_pem("no certificate"),
        TlsOptions::new()
            .ca_certificate_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        let outcome = call(address, tls).await;
        assert!(matches!(outcome, Err(Error::InvalidOptions(_))), "{outcome:?}");
    }
}
