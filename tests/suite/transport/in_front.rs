//! What stands in front of the server, as docs/OPERATIONS.md tells to set it up: it
//! passes every refusal on, and tells whose a call is.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::{net::SocketAddr, sync::Arc};

use gestan_account_client::{
    Code, Error,
    v1::{self, Account, account_service_client::AccountServiceClient},
};
use gestan_account_server::{
    listener::{Transport, tls::Tls},
    throttle::Throttles,
};
use gestan_account_tests::{
    Authority, BALANCER, Front, Identity, InFront, TestServer, TestServerOptions, machine,
    raw_call::face, start_time, uuid,
};
use prost_types::{FieldMask, Timestamp};
use tempfile::TempDir;
use tonic::{
    Request, Status,
    body::Body,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tonic_types::StatusExt as _;

/// What nginx takes of a server's headers, and others of trailers.
const MAX_METADATA_BYTES: usize = 4096;

/// Every RPC's refusal with the most fields, and how many there are.
const WORST: [(&str, usize); 10] = [
    ("Create", 10),
    ("Confirm", 2),
    ("SetPassword", 2),
    ("RegisterExisting", 4),
    ("Get", 0),
    ("Update", 12),
    ("Update of 25 paths", 26),
    ("Update of long paths", 201),
    ("Unlink", 2),
    ("ResendPassword", 5),
];

fn bad_machine() -> v1::Machine {
    v1::Machine { id: "no UUID".into(), name: "poste\u{200b}".into() }
}

fn masked(paths: impl IntoIterator<Item = String>) -> v1::UpdateRequest {
    let update_mask = Some(FieldMask { paths: paths.into_iter().collect() });
    let account = Some(Account::default());
    v1::UpdateRequest { account, update_mask, ..Default::default() }
}

/// A form on which everything is wrong.
fn bad_form() -> Account {
    let text = "a\u{200b}".to_owned();
    Account {
        etag: "v".repeat(65),
        email: "jeanne@exemple".into(),
        company_name: text.clone(),
        last_name: text.clone(),
        first_name: text.clone(),
        address: text.clone(),
        postal_code: "75".into(),
        city: text,
        country_code: "XXX".into(),
        phone: "12".into(),
        ape_code: "0".into(),
        ..Default::default()
    }
}

/// The refusal of one of [`WORST`].
async fn refusal(channel: Channel, call: &str, language: &str, token: &str) -> Status {
    fn asked<T>(message: T, language: &str, token: &str) -> Request<T> {
        let mut request = Request::new(message);
        let token = format!("Bearer {token}").parse().expect("a value of metadata");
        request.metadata_mut().insert("authorization", token);
        let language = language.parse().expect("a value of metadata");
        request.metadata_mut().insert("accept-language", language);
        request
    }
    let mut calls = AccountServiceClient::new(channel);
    let outcome = match call {
        "Create" => {
            let profile = Account {
                id: 1,
                etag: "v".into(),
                pending_email: "a@b.fr".into(),
                create_time: Some(Timestamp::default()),
                update_time: Some(Timestamp::default()),
                ..Default::default()
            };
            let request = v1::CreateRequest {
                request_id: "no UUID".into(),
                email: "jeanne@exemple".into(),
                machine: Some(bad_machine()),
                locale: "?".into(),
                profile: Some(profile),
            };
            calls.create(asked(request, language, token)).await.map(drop)
        }
        "Confirm" => {
            let request = v1::ConfirmRequest {
                challenge_id: "no UUID".into(),
                code: "0".repeat(11),
                ..Default::default()
            };
            calls.confirm(asked(request, language, token)).await.map(drop)
        }
        "SetPassword" => {
            let request = v1::SetPasswordRequest {
                ticket: "a ticket".into(),
                current_password: "a password".into(),
                new_password: "0000-0000-0000".into(),
                ..Default::default()
            };
            calls.set_password(asked(request, language, token)).await.map(drop)
        }
        "RegisterExisting" => {
            let request = v1::RegisterExistingRequest {
                account_id: 0,
                secret: "0000-0000-0001".into(),
                machine: Some(bad_machine()),
            };
            calls.register_existing(asked(request, language, token)).await.map(drop)
        }
        "Get" => calls.get(asked(v1::GetRequest::default(), language, "no token")).await.map(drop),
        "Update" => {
            let request = v1::UpdateRequest {
                account: Some(bad_form()),
                password: "0000-0000-0001".into(),
                ..Default::default()
            };
            calls.update(asked(request, language, token)).await.map(drop)
        }
        "Update of 25 paths" => {
            let request = masked((0..25).map(|number| format!("there_is_no_such_path_{number}")));
            calls.update(asked(request, language, token)).await.map(drop)
        }
        "Update of long paths" => {
            let request = masked((0..200).map(|_| "\u{1f600}".repeat(64)));
            calls.update(asked(request, language, token)).await.map(drop)
        }
        "Unlink" => {
            let request = v1::UnlinkRequest {
                machine_id: "no UUID".into(),
                password: "é".repeat(257),
                ..Default::default()
            };
            calls.unlink(asked(request, language, token)).await.map(drop)
        }
        "ResendPassword" => {
            let request = v1::ResendPasswordRequest {
                request_id: "no UUID".into(),
                email: "jeanne@exemple".into(),
                machine: Some(bad_machine()),
                locale: "?".into(),
                ..Default::default()
            };
            calls.resend_password(asked(request, language, token)).await.map(drop)
        }
        other => panic!("no such call: {other}"),
    };
    outcome.expect_err("it is refused")
}

/// The bytes of a refusal's header block, as HTTP/2 counts them (RFC 9113 §10.5.1).
fn metadata_bytes(status: &Status) -> usize {
    const STATUS: usize = ":status".len() + "200".len() + 32;
    let answer = status.clone().into_http::<Body>();
    let fields =
        answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32);
    STATUS + fields.sum::<usize>()
}

/// The violations that are named, and how many are not.
fn counted(status: &Status) -> (usize, usize) {
    let details = status.get_error_details();
    let named = details.bad_request().map_or(0, |bad| bad.field_violations.len());
    let left_out = details.error_info().and_then(|info| info.metadata.get("violations_left_out"));
    (named, left_out.map_or(0, |count| count.parse().expect("a number")))
}

async fn direct(server: &TestServer) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{}", server.address)).expect("a URL");
    endpoint.connect().await.expect("the server answers")
}

/// A channel by TLS, from an address of this machine.
async fn channel(to: SocketAddr, authority: &Authority, from: [u8; 4]) -> Channel {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    let endpoint = Endpoint::from_shared(format!("https://{to}")).expect("a URL");
    let endpoint = endpoint.tls_config(tls.domain_name("localhost")).expect("a configuration");
    endpoint.local_address(Some(from.into())).connect().await.expect("it answers")
}

#[tokio::test]
async fn the_worst_refusal_of_every_rpc_has_less_than_4_kib_and_counts_what_it_does_not_name() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for language in ["fr", "en"] {
        for (call, violations) in WORST {
            let status = refusal(direct(&server).await, call, language, &member.link_token).await;
            let bytes = metadata_bytes(&status);
            assert!(bytes < MAX_METADATA_BYTES, "{call} in {language}: {bytes} bytes");
            let (named, left_out) = counted(&status);
            assert_eq!(named + left_out, violations, "{call} in {language}: {status:?}");
            let is_form = !call.contains("paths");
            assert_eq!(left_out == 0, is_form, "{call} in {language}: {left_out} are left out");
            let details = status.get_error_details();
            let words = &details.localized_message().expect("words").message;
            assert_eq!(words.contains(&left_out.to_string()), !is_form, "{call}: {words}");
            let code = if call == "Get" { Code::Unauthenticated } else { Code::InvalidArgument };
            assert_eq!(status.code(), code);
        }
    }
}

#[tokio::test]
async fn nginx_and_haproxy_pass_on_the_worst_refusal_of_every_rpc() {
    let options =
        TestServerOptions { proxies: "127.0.0.1".parse().expect("one"), ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (authority, direct) = (Authority::new(), direct(&server).await);
    for front in [Front::Nginx, Front::HaProxy] {
        let running = InFront::start(front, server.address, &authority.issue()).await;
        let channel = channel(running.address, &authority, [127, 0, 0, 1]).await;
        for language in ["fr", "en"] {
            for (call, _) in WORST {
                let token = &member.link_token;
                let expected = refusal(direct.clone(), call, language, token).await;
                let passed_on = refusal(channel.clone(), call, language, token).await;
                let (code, message) = (passed_on.code(), passed_on.message());
                let label = format!("{call} in {language} through {front:?}: {code:?}, {message}");
                assert!(face(&passed_on) == face(&expected), "{label}");
            }
        }
    }
}

async fn create(channel: Channel, number: u128) -> Result<(), Error> {
    let request = v1::CreateRequest {
        request_id: uuid(number),
        email: format!("client{number}@exemple.fr"),
        machine: Some(machine(number)),
        ..Default::default()
    };
    AccountServiceClient::new(channel).create(request).await.map(drop).map_err(Error::from)
}

/// A server behind one of them, which takes one mail an hour from an address.
async fn behind(front: Front, authority: &Authority, identity: &Identity) -> TestServer {
    let mut options = TestServerOptions {
        proxies: "127.0.0.1".parse().expect("an address"),
        ..Default::default()
    };
    options.throttles =
        Throttles { mails_per_ip: "1/1h".parse().expect("a limit"), ..options.throttles };
    if matches!(front, Front::HaProxyV1 | Front::HaProxyV2) {
        let folder = TempDir::new().expect("a folder");
        identity.write(folder.path());
        let tls =
            Tls::load(Identity::files(folder.path()), start_time()).expect("the files are good");
        let tls = Some(Arc::new(tls));
        options.transport = Transport { tls, proxy_protocol: true, ..Transport::default() };
        options.proxies = BALANCER.parse().expect("an address");
        options.client_tls = Some(authority.client_options());
    }
    TestServer::start_with(options).await
}

#[tokio::test]
async fn behind_each_of_them_every_caller_has_limits_of_its_own() {
    for front in [Front::Nginx, Front::HaProxy, Front::HaProxyV1, Front::HaProxyV2] {
        let authority = Authority::new();
        let identity = authority.issue();
        let server = behind(front, &authority, &identity).await;
        let running = InFront::start(front, server.address, &identity).await;
        let from = async |last| channel(running.address, &authority, [127, 0, last, 1]).await;
        create(from(1).await, 1).await.expect("one caller");
        create(from(2).await, 2).await.expect("another caller");
        let refused = create(from(1).await, 3).await.expect_err("the first again");
        let reason = Some(v1::ErrorReason::TooManyMailsFromIp);
        assert_eq!(refused.reason(), reason, "{front:?}: {refused}");
        server.deliver_mail().await;
    }
}
