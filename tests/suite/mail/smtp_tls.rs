//! TLS to real mail servers: which certificates are taken, and why one is not.

use std::fs;

use gestan_account_server::mail::mailer::Mailer;
use gestan_account_tests::{
    Authority, Identity, SmtpPeer, TestServer, TestServerOptions, creation, mailer,
    process::{Home, ServerProcess},
    text,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, SanType, date_time_ymd};
use tokio::net::TcpListener;

/// Has a server send one mail; gives what is noted of it.
async fn fate(mailer: Mailer) -> String {
    let options = TestServerOptions { mailer: Some(mailer), ..Default::default() };
    let mut server = TestServer::start_with(options).await;
    server.leaves_mail();
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    let fate = "SELECT state || ' ' || coalesce(last_error, '-') FROM outbox_mail";
    text(server.db(), fate).await.expect("a mail")
}

/// As `openssl req -x509` makes it.
fn as_authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

fn nameless(params: &mut CertificateParams) {
    as_authority(params);
    params.subject_alt_names.clear();
}

fn of_another_host(params: &mut CertificateParams) {
    params.subject_alt_names = vec![SanType::DnsName("mail.example".try_into().unwrap())];
}

fn expired(params: &mut CertificateParams) {
    params.not_after = date_time_ymd(2020, 1, 1);
}

fn not_begun(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(4000, 1, 1);
}

#[tokio::test]
async fn a_relays_own_certificate_is_taken_when_it_is_named() {
    let plain = |_: &mut CertificateParams| {};
    for (kind, identity) in [
        ("plain", Identity::self_signed(plain)),
        ("as an authority", Identity::self_signed(as_authority)),
        ("without a name", Identity::self_signed(nameless)),
    ] {
        let mut peer =
            SmtpPeer::start_showing(&["--tls"], &identity, identity.certificate.as_bytes()).await;
        assert_eq!(fate(peer.tls_mailer("smtps://")).await, "sent -", "{kind}");
        assert!(peer.mail().await.is_encrypted());
        // And only then: another one of the same kind is nobody's.
        let other = Identity::self_signed(as_authority);
        let peer =
            SmtpPeer::start_showing(&["--tls"], &identity, other.certificate.as_bytes()).await;
        assert_eq!(
            fate(peer.tls_mailer("smtps://")).await,
            "pending tls: unknown authority",
            "{kind}"
        );
        assert!(peer.stop().await.is_empty());
    }
}

#[tokio::test]
async fn certificates_that_were_put_together_carelessly_are_all_trusted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (ours, others) = (authority.pem(), other.pem());
    for contents in [
        format!("\u{feff}{ours}"),
        format!("{others}\u{feff}{ours}"),
        format!("{}{ours}", others.trim_end()),
        format!("\u{feff}{}\u{feff}{}", others.trim_end(), ours.trim_end()),
        others.replace('\n', "\r\n") + &ours,
    ] {
        let identity = authority.issue();
        let peer = SmtpPeer::start_showing(&["--tls"], &identity, contents.as_bytes()).await;
        assert_eq!(fate(peer.tls_mailer("smtps://")).await, "sent -", "{contents:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_fails_says_why() {
    let authority = Authority::new();
    let named = |identity: Identity| (identity.certificate.clone(), identity);
    let signed = |change: fn(&mut CertificateParams)| (authority.pem(), authority.issue_as(change));
    for ((ca, identity), why) in [
        ((Authority::new().pem(), authority.issue()), "unknown authority"),
        (signed(expired), "certificate expired"),
        (signed(not_begun), "certificate not valid yet"),
        (signed(of_another_host), "certificate for another name"),
        (signed(as_authority), "unusable certificate"),
        (named(Identity::self_signed(expired)), "certificate expired"),
        (named(Identity::self_signed(not_begun)), "certificate not valid yet"),
        (named(Identity::self_signed(of_another_host)), "certificate for another name"),
    ] {
        let peer = SmtpPeer::start_showing(&["--tls"], &identity, ca.as_bytes()).await;
        assert_eq!(fate(peer.tls_mailer("smtps://")).await, format!("pending tls: {why}"));
        assert!(peer.stop().await.is_empty());
    }
    // A server that speaks in the clear there, as on port 587.
    let peer = SmtpPeer::start(&[]).await;
    assert_eq!(fate(peer.tls_mailer("smtps://")).await, "pending tls: no common protocol");
    // One that ends the connection.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hangs_up = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let fate = fate(mailer(&format!("smtps://localhost:{port}"))).await;
    assert_eq!(fate, "pending tls: hung up");
    hangs_up.abort();
}

#[tokio::test]
async fn a_machine_without_roots_is_told_of_at_start_and_with_each_mail() {
    let peer = SmtpPeer::start(&["--tls"]).await;
    let home = Home::new();
    let store = home.path().join("roots.pem");
    fs::write(&store, "").unwrap();
    let mut command = home.command();
    command.env("SSL_CERT_FILE", store).env_remove("SSL_CERT_DIR");
    command.env("GESTAN_ACCOUNT_MAIL_URL", format!("smtps://localhost:{}", peer.port()));
    let server = ServerProcess::start_as(command, &home, &[]).await;
    server.wait_for_log("this machine has no root certificates").await;
    let client = server.connect(gestan_account_client::ClientOptions::new()).await;
    client.create(creation(1)).await.unwrap();
    server.wait_for_log("detail=tls: no roots on this machine").await;
}
