//! `doctor` looks at the sender's domain: a real DNS server answers it, as a test has written down.

use std::net::UdpSocket;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gestan_account_tests::{
    DnsServer, SmtpPeer, Zone,
    process::{Ended, Home},
};
use hickory_resolver::proto::op::ResponseCode;

use super::{doctor, found};

/// No reserved name: those are passed over. Nobody but the test's own server is asked for it.
const DOMAIN: &str = "courrier.gestan-essai.fr";

/// A zone in which everything is in order.
fn in_order() -> Zone {
    Zone::default()
        .mx(DOMAIN, 10, "mx.gestan-essai.fr")
        .text(DOMAIN, "google-site-verification=x")
        .text(DOMAIN, "v=spf1 include:_spf.relais.fr -all")
        .text("_spf.relais.fr", "v=spf1 ip4:192.0.2.0/24 ~all")
        .alias("s1._domainkey.courrier.gestan-essai.fr", "s1.dkim.relais.fr")
        .texts("s1.dkim.relais.fr", &key_in_strings(2048).each_ref().map(String::as_str))
        .text("_dmarc.courrier.gestan-essai.fr", "v=DMARC1; p=reject; rua=mailto:d@relais.fr")
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let length = match u8::try_from(length) {
        Ok(short @ ..0x80) => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => [&[0x82][..], &u16::try_from(length).expect("short").to_be_bytes()].concat(),
    };
    [&[tag][..], &length, content].concat()
}

/// The form of an RSA key with so many bits, in Base64.
fn rsa(bits: usize) -> String {
    let modulus = [&[0, 0xC1][..], &vec![0x5A; bits / 8 - 1]].concat();
    let key = der(0x30, &[der(2, &modulus), der(2, &[1, 0, 1])].concat());
    let oid = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
    let algorithm = der(0x30, &[der(6, &oid), der(5, &[])].concat());
    let info = [algorithm, der(3, &[&[0][..], &key].concat())].concat();
    BASE64_STANDARD.encode(der(0x30, &info))
}

/// A record in strings of 255 bytes at the most, as DNS has it.
fn key_in_strings(bits: usize) -> [String; 2] {
    let record = format!("v=DKIM1; k=rsa; p={}", rsa(bits));
    let (first, second) = record.split_at(record.len().min(250));
    [first.to_owned(), second.to_owned()]
}

async fn looked(zone: Zone, selectors: &str) -> Ended {
    let server = DnsServer::start(zone).await;
    let home = Home::on_sqlite();
    looked_at(&home, &server.address.to_string(), DOMAIN, selectors).await
}

/// A relay that nobody is behind is a problem of another area.
async fn looked_at(home: &Home, dns: &str, domain: &str, selectors: &str) -> Ended {
    let from = format!("compte@{domain}");
    let mut arguments = vec!["--mail-url", "smtp://127.0.0.1:1", "--mail-from", &from];
    arguments.extend(["--dns", dns]);
    if !selectors.is_empty() {
        arguments.extend(["--dkim-selector", selectors]);
    }
    doctor(home, &arguments).await
}

fn findings(ended: &Ended) -> Vec<&str> {
    ended.printed.lines().filter(|line| line.contains("\tsender\t")).collect()
}

#[tokio::test]
async fn a_domain_in_order_is_told_so_and_what_is_not_looked_at() {
    let home = Home::on_sqlite().migrate().await;
    let (server, peer) = (DnsServer::start(in_order()).await, SmtpPeer::start(&[]).await);
    let dns = server.address.to_string();
    let relay = format!("smtp://127.0.0.1:{}", peer.port());
    let from = format!("Gestan <compte@{DOMAIN}>");
    let arguments = ["--mail-url", &*relay, "--mail-from", &from, "--dns", &dns];
    let ended = doctor(&home, &[&arguments[..], &["--dkim-selector", "s1"]].concat()).await;
    assert!(ended.status.success(), "{}{}", ended.printed, ended.log);
    assert_eq!(findings(&ended).len(), 4, "{}", ended.printed);
    found(&ended, "ok\tsender", "takes mails: MX mx.gestan-essai.fr, of 1");
    let spf = found(&ended, "ok\tsender", "ends in -all, at 1 look-ups of 10");
    assert!(spf.contains("the relay's address is among them is not looked at"), "{spf}");
    found(&ended, "ok\tsender", "s1._domainkey.courrier.gestan-essai.fr: rsa, 2048 bits");
    found(&ended, "ok\tsender", "p=reject");

    let ended = doctor(&home, &arguments).await;
    assert!(ended.status.success(), "what was not looked at is no failure: {}", ended.printed);
    let line = found(&ended, "warning\tsender", "not checked: DKIM");
    assert!(line.contains("--dkim-selector"), "{line}");
}

#[tokio::test]
async fn an_spf_record_is_judged_by_how_it_ends_and_what_it_costs() {
    let many = "a:h.relais.fr ".repeat(11);
    let ten = "a:h.relais.fr ".repeat(8);
    let long = format!("v=spf1 {} -all", "ip4:192.0.2.1 ".repeat(500));
    for (records, verdict, words) in [
        (vec![], "PROBLEM", "has no SPF record"),
        (vec!["v=spf10 -all", "spf1"], "PROBLEM", "has no SPF record"),
        (vec!["v=spf1 -all", "v=spf1 ~all"], "PROBLEM", "has 2 SPF records"),
        (vec!["v=spf1 +all"], "PROBLEM", "lets everybody"),
        (vec!["v=spf1 all"], "PROBLEM", "lets everybody"),
        (vec!["v=spf1 mx ?all"], "warning", "says nothing of all other"),
        (vec!["v=spf1 mx"], "warning", "says nothing of all other"),
        (vec!["v=spf1"], "warning", "says nothing of all other"),
        (vec!["V=SPF1 A MX ~ALL"], "ok", "ends in ~all, at 2 look-ups"),
        (vec!["v=spf1 ip4:192.0.2.1 -all include:_rien.relais.fr"], "ok", "at 0 look-ups"),
        (
            vec!["v=spf1 include:_rien.relais.fr -all"],
            "PROBLEM",
            "names _rien.relais.fr, which has no",
        ),
        (vec!["v=spf1 include:_spf.relais.fr -all"], "ok", "at 1 look-ups"),
        (vec!["v=spf1 redirect=_spf.relais.fr"], "ok", "ends in ~all (by redirect), at 1"),
        (vec!["v=spf1 include:courrier.gestan-essai.fr -all"], "ok", "at 1 look-ups"),
        (vec!["v=spf1 include:%{i}._spf.relais.fr -all"], "ok", "1 of them depend on the mail"),
        (vec![&*format!("v=spf1 {many}-all")], "PROBLEM", "more than 10 look-ups"),
        (
            vec![&*format!("v=spf1 {ten}include:_spf.relais.fr include:_deux.relais.fr -all")],
            "PROBLEM",
            "more than 10 look-ups",
        ),
        (vec![&*format!("v=spf1 {ten}include:_spf.relais.fr -all")], "ok", "at 9 look-ups"),
        (vec![&*long], "ok", "at 0 look-ups"),
        (vec!["v=spf1 \u{1b}[31mrouge\u{7} -all"], "ok", "\\u{1b}[31mrouge\\u{7}"),
    ] {
        let zone = Zone::default()
            .mx(DOMAIN, 10, "mx.gestan-essai.fr")
            .text("_spf.relais.fr", "v=spf1 ip4:192.0.2.0/24 ~all")
            .text("_deux.relais.fr", "v=spf1 mx -all");
        let zone = records.iter().fold(zone, |zone, record| {
            let strings: Vec<&str> = (0..record.len())
                .step_by(200)
                .map(|at| &record[at..record.len().min(at + 200)])
                .collect();
            zone.texts(DOMAIN, &strings)
        });
        let ended = looked(zone, "").await;
        let line = found(&ended, &format!("{verdict}\tsender"), "SPF");
        assert!(line.contains(words), "{records:?}: {line}");
        assert!(line.len() < 600 && !ended.printed.contains('\u{1b}'), "{line}");
    }
}

#[tokio::test]
async fn a_dkim_key_is_judged_by_what_it_is_and_how_long() {
    let ed25519 = BASE64_STANDARD.encode([7; 32]);
    let (short, weak, good) = (rsa(512), rsa(1024), rsa(2048));
    for (records, verdict, words) in [
        (vec![], "PROBLEM", "there is no DKIM key at s1._domainkey.courrier.gestan-essai.fr"),
        (vec!["v=DKIM1; p=".to_owned()], "PROBLEM", "is revoked"),
        (vec!["v=DKIM1; k=rsa".to_owned()], "PROBLEM", "is no DKIM key"),
        (vec!["n'importe quoi".to_owned()], "PROBLEM", "is no DKIM key"),
        (vec![format!("v=DKIM2; p={good}")], "PROBLEM", "is no DKIM key"),
        (vec!["v=DKIM1; p=é*".to_owned()], "PROBLEM", "is no Base64"),
        (vec!["v=DKIM1; p=AAAA".to_owned()], "PROBLEM", "is no rsa key"),
        (vec![format!("v=DKIM1; k=ed25519; p={good}")], "PROBLEM", "is no ed25519 key"),
        (vec![format!("v=DKIM1; k=dsa; p={good}")], "PROBLEM", "unknown kind: dsa"),
        (vec![format!("p={short}")], "PROBLEM", "512 bits: too short"),
        (vec![format!("v=DKIM1; p={weak}")], "warning", "1024 bits: taken"),
        (vec![format!("v=DKIM1;k=rsa;t=y:s;p={good}")], "warning", "t=y"),
        (vec![format!("v=DKIM1; k=ed25519; p={ed25519}")], "ok", ": ed25519"),
        (vec![format!("v = DKIM1 ; p = {} {}", &good[..90], &good[90..])], "ok", "2048 bits"),
        (vec![format!("p={weak}"), format!("p={good}")], "PROBLEM", "2 DKIM records"),
    ] {
        let at = "s1._domainkey.courrier.gestan-essai.fr";
        let zone = Zone::default().mx(DOMAIN, 10, "mx.gestan-essai.fr");
        let zone = records.iter().fold(zone, |zone, record| {
            let (first, second) = record.split_at(record.len() / 2);
            zone.texts(at, &[first, second])
        });
        let ended = looked(zone, "s1").await;
        let line = found(&ended, &format!("{verdict}\tsender"), "DKIM");
        assert!(line.contains(words), "{records:?}: {line}");
    }
    // Several, and one that is no name.
    let ended = looked(in_order(), "s1,s2,a..b").await;
    found(&ended, "ok\tsender", "2048 bits");
    found(&ended, "PROBLEM\tsender", "no DKIM key at s2.");
    found(&ended, "warning\tsender", "not checked: DKIM at a..b._domainkey");
}

#[tokio::test]
async fn a_dmarc_record_is_looked_for_up_to_the_domain_below_the_top() {
    let (own, above) = ("_dmarc.courrier.gestan-essai.fr", "_dmarc.gestan-essai.fr");
    for (records, verdict, words) in [
        (vec![], "warning", "has no DMARC record"),
        (vec![("_dmarc.fr", "v=DMARC1; p=reject")], "warning", "has no DMARC record"),
        (vec![(own, "v=spf1 -all")], "warning", "has no DMARC record"),
        (vec![(own, "v=DMARC1; p=none")], "warning", "p=none"),
        (vec![(own, "v=DMARC1;p=Quarantine")], "ok", "p=quarantine"),
        (vec![(own, "v=DMARC1; sp=reject")], "PROBLEM", "no policy that counts"),
        (vec![(own, "v=DMARC1; p=rejeter")], "PROBLEM", "no policy that counts"),
        (
            vec![(own, "v=DMARC1; p=none"), (own, "v=DMARC1; p=reject")],
            "PROBLEM",
            "2 DMARC records",
        ),
        (vec![(above, "v=DMARC1; p=reject")], "ok", "by that of gestan-essai.fr: p=reject"),
        (
            vec![(above, "v=DMARC1; p=reject; sp=none")],
            "warning",
            "by that of gestan-essai.fr: p=none",
        ),
        (vec![(own, "v=DMARC1; p=none"), (above, "v=DMARC1; p=reject")], "warning", "p=none"),
    ] {
        let zone = Zone::default().mx(DOMAIN, 10, "mx.gestan-essai.fr");
        let zone = records.iter().fold(zone, |zone, (at, record)| zone.text(at, record));
        let ended = looked(zone, "").await;
        let line = found(&ended, &format!("{verdict}\tsender"), "DMARC");
        assert!(line.contains(words), "{records:?}: {line}");
    }
}

#[tokio::test]
async fn a_domain_that_takes_no_mail_is_told() {
    let ended = looked(Zone::default().mx(DOMAIN, 0, "."), "").await;
    found(&ended, "PROBLEM\tsender", "takes no mail (a null MX)");
    let ended = looked(Zone::default().address(DOMAIN), "").await;
    found(&ended, "ok\tsender", "its own address takes its mails");
    let ended = looked(Zone::default(), "s1").await;
    found(&ended, "PROBLEM\tsender", "no domain with an address or a mail server");
    assert_eq!(findings(&ended).len(), 1, "nothing else can be there: {}", ended.printed);
}

#[tokio::test]
async fn what_dns_does_not_answer_is_not_checked_and_no_problem() {
    let home = Home::on_sqlite();
    let ended = looked(in_order().silent(DOMAIN), "s1").await;
    let line = found(&ended, "warning\tsender", "DNS does not answer");
    assert!(line.contains("not checked: courrier.gestan-essai.fr"), "{line}");
    assert_eq!(findings(&ended).len(), 1, "each question more would wait as long");
    // A port that is open to nobody.
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let nobody = taken.local_addr().expect("an address").to_string();
    drop(taken);
    let ended = looked_at(&home, &nobody, DOMAIN, "s1").await;
    found(&ended, "warning\tsender", "DNS does not answer");

    // One answer that fails keeps nobody from the others.
    let failing = in_order().failing(DOMAIN, ResponseCode::ServFail);
    let failing = failing.failing("_dmarc.courrier.gestan-essai.fr", ResponseCode::Refused);
    let ended = looked(failing, "s1").await;
    found(&ended, "warning\tsender", "not checked: SPF: DNS answers");
    found(&ended, "warning\tsender", "not checked: DMARC: DNS answers");
    found(&ended, "ok\tsender", "2048 bits");
}

#[tokio::test]
async fn an_answer_that_is_too_long_for_udp_comes_over_tcp() {
    let others = (0..200).fold(in_order(), |zone, number| {
        zone.text(DOMAIN, &format!("autre-service-{number}={}", "x".repeat(200)))
    });
    let server = DnsServer::start(others).await;
    let home = Home::on_sqlite();
    let ended = looked_at(&home, &server.address.to_string(), DOMAIN, "s1").await;
    found(&ended, "ok\tsender", "ends in -all");
    assert!(server.asked_over_tcp() >= 1, "40 KiB have come over UDP");
    assert!(!ended.printed.contains("autre-service"), "{}", ended.printed);
}

#[tokio::test]
async fn nobody_is_asked_for_a_domain_that_is_nobodys_and_a_wrong_server_is_refused() {
    let home = Home::on_sqlite();
    // Nobody answers there: a question would be told.
    for (domain, findings_of_sender) in
        [("gestan.invalid", 0), ("gestan.example", 1), ("a.test", 1)]
    {
        let ended = looked_at(&home, "127.0.0.1:1", domain, "s1").await;
        assert_eq!(findings(&ended).len(), findings_of_sender, "{}", ended.printed);
        assert!(!ended.printed.contains("DNS does not answer"), "{}", ended.printed);
    }
    let in_files = doctor(&home, &["--mail-from", "compte@gestan-essai.fr"]).await;
    assert_eq!(findings(&in_files).len(), 0, "{}", in_files.printed);
    for dns in ["resolveur.fr", "127.0.0.1:x", "1.2.3"] {
        let ended = looked_at(&home, dns, DOMAIN, "s1").await;
        assert!(ended.log.contains("--dns is no IP address"), "{}", ended.log);
        assert_eq!(ended.printed, "");
    }
}
