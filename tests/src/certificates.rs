//! A certificate authority for tests.

use std::{fs, path::Path, sync::Arc};

use gestan_account_client::TlsOptions;
use gestan_account_server::{
    clock::{Clock as _, SystemClock},
    listener::tls::TlsFiles,
};
use jiff::SignedDuration;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        version::{TLS12, TLS13},
    },
};

/// An authority.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Identity {
    /// What speaks TLS as this one.
    ///
    /// # Panics
    /// When certificate and key do not belong together.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.expect("a certificate")], key)
            .expect("a certificate and its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Authority {
    /// A fresh one.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let root = CertifiedIssuer::self_signed(authority_params("authority"), key);
        Self(root.expect("an authority"))
    }

    /// Its certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// An authority below it.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn intermediate(&self) -> Self {
        let mut params = authority_params("intermediate");
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::signed_by(params, key, &self.0).expect("an authority"))
    }

    /// A certificate for this machine.
    #[must_use]
    pub fn issue(&self) -> Identity {
        self.issue_as(|_| {})
    }

    /// A certificate for hosts and addresses.
    ///
    /// # Panics
    /// When they cannot be in one.
    #[must_use]
    pub fn issue_for<const N: usize>(&self, names: [&str; N]) -> Identity {
        let names = CertificateParams::new(names.map(str::to_owned)).expect("parameters");
        self.issue_as(|params| params.subject_alt_names = names.subject_alt_names)
    }

    /// A certificate for this machine, but for a change.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn issue_as(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = machine_params();
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A certificate for this machine that lives for 90 days, of which so many are left.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn issue_until(&self, days: i64) -> Identity {
        let now = SystemClock::start().now();
        let day = |after: i64| {
            let day = now + SignedDuration::from_hours(24 * after);
            let day = day.strftime("%Y %m %d").to_string();
            let parts: Vec<i32> = day.split(' ').map(|part| part.parse().expect("one")).collect();
            let part = |at: usize| u8::try_from(parts[at]).expect("a part of a date");
            date_time_ymd(parts[0], part(1), part(2))
        };
        self.issue_as(|params| (params.not_before, params.not_after) = (day(days - 90), day(days)))
    }

    /// What a client of the project is told, to trust this authority.
    #[must_use]
    pub fn client_options(&self) -> TlsOptions {
        TlsOptions::new().system_roots(false).ca_certificate_pem(self.pem())
    }

    /// A TLS client that trusts this authority and speaks some versions.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn rustls_client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.0.der().to_vec())).expect("a root");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }

    /// The same, of any version.
    #[must_use]
    pub fn any_client(&self) -> ClientConfig {
        self.rustls_client(&[&TLS12, &TLS13])
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// One for this machine that nobody but itself has signed, but for a change.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = machine_params();
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Where [`write`](Self::write) puts them.
    #[must_use]
    pub fn files(folder: &Path) -> TlsFiles {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        TlsFiles { certificate, key, client_ca: None }
    }

    /// Writes both files into a folder.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) {
        let files = Self::files(folder);
        fs::write(files.certificate, &self.certificate).expect("the certificate is written");
        fs::write(files.key, &self.key).expect("the key is written");
    }

    /// The certificate as it travels.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate")
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Under the name of those it signs, OpenSSL would take them for their own authority.
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn machine_params() -> CertificateParams {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    CertificateParams::new(names).expect("parameters")
}
