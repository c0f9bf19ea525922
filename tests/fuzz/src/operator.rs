//! The parsers of what the operator configures, and of what the database holds.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use gestan_account_server::{
    credentials::{
        hasher::{HashParams, PasswordHash},
        pepper::Peppers,
    },
    listener::proxy_header,
    mail::mailer::{Mailer, SmtpOptions},
    network::TrustedProxies,
    throttle::Limits,
};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::{Builder, Runtime};

/// A password that no error may tell.
const PASSWORD: &str = "hunter2secret";

const SENDER: &str = "Gestan <compte@gestan.example>";

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

/// Drives every parser with one text, but for the mailer's, which take longer.
pub fn check(text: &str) {
    check_limits(text);
    check_proxies(text);
    check_peppers(text);
    check_hashes(text);
}

fn check_limits(text: &str) {
    let Ok(limits) = text.parse::<Limits>() else { return };
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 60);
    assert!(limits.memory().is_positive());
    assert_eq!(limits.wait(&[], now), None);
    let mut hits = vec![now; 3];
    if let Some(wait) = limits.wait(&hits, now) {
        assert!(wait.is_positive() && wait <= limits.memory());
        // As the throttles reckon.
        let _ = now + wait;
    }
    let _ = now + limits.memory();
    limits.forget_old(&mut hits, now);
    assert_eq!(hits.len(), 3);
}

fn check_proxies(text: &str) {
    let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let trusting: TrustedProxies = "10.0.0.0/8, 2001:db8::1".parse().expect("addresses");
    let caller = trusting.caller(peer, text.lines().map(str::as_bytes));
    assert_eq!(caller.to_canonical(), caller);
    assert_eq!(TrustedProxies::default().caller(peer, text.lines().map(str::as_bytes)), peer);
    if let Ok(proxies) = text.parse::<TrustedProxies>() {
        let _ = proxies.caller(peer, [text.as_bytes()].into_iter());
    }
}

/// Takes the bytes for the beginning of a balancer's connection. Nothing behind the
/// header is read.
pub fn check_proxy_header(bytes: &[u8]) {
    let mut left = bytes;
    let told = RUNTIME.block_on(proxy_header::read(&mut left));
    if told.is_ok() {
        let header = &bytes[..bytes.len() - left.len()];
        let again = RUNTIME.block_on(proxy_header::read(&mut &header[..]));
        assert_eq!(again.ok(), told.ok());
    }
}

fn check_peppers(text: &str) {
    let Ok(peppers) = text.parse::<Peppers>() else { return };
    let id = peppers.in_force().expect("one is in force");
    assert!((1..=8).contains(&id.len()));
    let secret = peppers.find(id).expect("the one in force");
    assert!(secret.len() >= 16);
}

fn check_hashes(text: &str) {
    if let Ok(params) = text.parse::<HashParams>() {
        let again: HashParams = params.to_string().parse().expect("as it was written");
        assert_eq!(again, params);
    }
    if let Ok(hash) = PasswordHash::parse(text) {
        let written = hash.to_phc();
        let again = PasswordHash::parse(&written).expect("as it was written");
        assert_eq!(again.to_phc(), written);
    }
}

/// Takes the text for a mail URL, and for a sender.
pub fn check_mail(text: &str) {
    check_mail_url(text);
    if let Err(error) = Mailer::from_url("smtp://", text, &SmtpOptions::default()) {
        assert!(!error.to_string().is_empty());
    }
}

/// Takes the text for what stands before or behind the password in a mail URL.
pub fn check_mail_password(text: &str) {
    check_mail_url(&format!("smtp://user:{PASSWORD}{text}"));
    check_mail_url(&format!("smtps://user:{PASSWORD}{text}"));
    check_mail_url(&format!("smtp+starttls://{text}:{PASSWORD}@"));
}

/// Neither opens a folder nor reads certificates, which takes long.
fn check_mail_url(url: &str) {
    if may_load_certificates(url) {
        return;
    }
    // A relay keeps its connections by tasks.
    let made = RUNTIME.block_on(async {
        let made = Mailer::from_url(url, SENDER, &SmtpOptions::default());
        tokio::task::yield_now().await;
        made
    });
    if let Err(error) = made {
        let told = format!("{error} {error:?}");
        assert!(!told.contains(PASSWORD), "{told}");
    }
}

/// Whether all may be well with a URL that asks for TLS, or it is a folder's.
fn may_load_certificates(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return url.starts_with("file:") };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let is_usable =
        host.starts_with(|first: char| first.is_ascii_alphanumeric() || "[.-_:".contains(first));
    scheme.starts_with("file:") || (scheme != "smtp" && is_usable) || rest.contains("ca=")
}
