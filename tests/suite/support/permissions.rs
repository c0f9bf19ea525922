//! Who may make which call: every RPC of the descriptors, by every kind of caller.

use std::collections::BTreeMap;

use gestan_account_proto::FILE_DESCRIPTOR_SET;
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
    domain::role::Role,
    storage::support_key,
};
use gestan_account_tests::{Bearer, TestServer, Told};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::{
    Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery,
    service::Interceptor as _, transport::Channel,
};
use tonic_prost::ProstCodec;

/// What an empty request of a caller comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// The caller may: its fields are looked at, and are missing. Or it is done.
    In,
    /// The token is asked for, and does not serve.
    Unknown,
    /// The token serves, but not for this.
    Denied,
}

use Comes::{Denied, In, Unknown};

/// Every kind of caller, in the order of the table.
const CALLERS: [&str; 9] = [
    "no token",
    "a mistyped key",
    "a revoked key",
    "an expired key",
    "a machine",
    "a reader",
    "an agent",
    "billing",
    "an admin",
];

/// The RPCs, and what each caller comes to.
const TABLE: [(&str, [Comes; 9]); 28] = [
    // What a stranger may ask does not look at the token.
    ("account.v1.AccountService/Create", [In; 9]),
    ("account.v1.AccountService/Confirm", [In; 9]),
    ("account.v1.AccountService/SetPassword", [In; 9]),
    ("account.v1.AccountService/RegisterExisting", [In; 9]),
    ("account.v1.AccountService/Get", [Unknown, Unknown, Unknown, Unknown, In, In, In, In, In]),
    ("account.v1.AccountService/Update", MACHINE),
    ("account.v1.AccountService/Unlink", MACHINE),
    // Without an ID it is the caller's own account that is meant; without fields, nothing.
    ("account.v1.AccountService/ResendPassword", [In; 9]),
    // Public lists and texts.
    ("account.v1.ReferenceService/GetPrivacyNotice", [In; 9]),
    ("account.v1.ReferenceService/ListCountries", [In; 9]),
    ("account.v1.ReferenceService/SearchApeCodes", [In; 9]),
    ("account.v1.AccountService/ListTimeEntries", MACHINE),
    ("support.v1.SupportService/CancelEmailChange", ADMIN),
    ("support.v1.SupportService/DiagnoseAccount", DESK),
    ("support.v1.SupportService/EraseAccount", ADMIN),
    ("support.v1.SupportService/ExportAccount", ADMIN),
    ("support.v1.SupportService/FindAccounts", DESK),
    ("support.v1.SupportService/GetAccount", DESK),
    ("support.v1.SupportService/ListEvents", DESK),
    ("support.v1.SupportService/ListRefusedRecipients", DESK),
    ("support.v1.SupportService/MergeAccounts", ADMIN),
    ("support.v1.SupportService/SendCode", HELPERS),
    ("support.v1.SupportService/StartEmailChange", ADMIN),
    ("support.v1.SupportService/UnlinkMachine", HELPERS),
    ("support.v1.SupportService/ChargeTime", HELPERS),
    (
        "support.v1.SupportService/CorrectTime",
        [Unknown, Unknown, Unknown, Unknown, Denied, Denied, In, In, In],
    ),
    ("support.v1.SupportService/GrantTime", BOOKKEEPERS),
    // An empty request is about all accounts.
    ("support.v1.SupportService/ListTimeEntries", BOOKKEEPERS),
];

const MACHINE: [Comes; 9] =
    [Unknown, Unknown, Unknown, Unknown, In, Denied, Denied, Denied, Denied];
const DESK: [Comes; 9] = [Unknown, Unknown, Unknown, Unknown, Denied, In, In, In, In];
const ADMIN: [Comes; 9] = [Unknown, Unknown, Unknown, Unknown, Denied, Denied, Denied, Denied, In];
const HELPERS: [Comes; 9] = [Unknown, Unknown, Unknown, Unknown, Denied, Denied, In, Denied, In];

const BOOKKEEPERS: [Comes; 9] =
    [Unknown, Unknown, Unknown, Unknown, Denied, Denied, Denied, In, In];

/// Makes a call with an empty message.
async fn call(channel: &Channel, rpc: &str, token: Option<&str>) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.expect("a connection");
    let request = Bearer { token: token.map(str::to_owned), language: None }.call(Request::new(()));
    let path = PathAndQuery::try_from(format!("/gestan.{rpc}")).expect("a path");
    let codec = ProstCodec::<(), ()>::default();
    grpc.unary(request.expect("a request"), path, codec).await.map(|_| ())
}

fn comes(outcome: Result<(), Status>) -> Comes {
    let Err(refusal) = outcome else { return In };
    let told = Told::of(&refusal);
    match told.why() {
        (Code::InvalidArgument, "INVALID_REQUEST") => In,
        (Code::Unauthenticated, "INVALID_CREDENTIALS") => Unknown,
        (Code::PermissionDenied, "PERMISSION_DENIED") => Denied,
        other => panic!("{other:?}"),
    }
}

/// Every RPC that the proto files declare.
fn declared() -> Vec<String> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let services = set.file.iter().filter(|file| file.package().starts_with("gestan."));
    let rpcs = services.flat_map(|file| {
        let package = file.package().trim_start_matches("gestan.");
        file.service.iter().flat_map(move |service| {
            let name = move |method: &prost_types::MethodDescriptorProto| {
                format!("{package}.{}/{}", service.name(), method.name())
            };
            service.method.iter().map(name)
        })
    });
    rpcs.collect()
}

#[tokio::test]
async fn each_caller_may_do_what_the_table_says_in_every_rpc_of_the_descriptors() {
    let table: BTreeMap<&str, [Comes; 9]> = TABLE.into_iter().collect();
    let mut declared = declared();
    declared.sort_unstable();
    assert_eq!(declared, table.keys().copied().collect::<Vec<_>>());

    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let now = server.clock.now();
    let (revoked, revoked_key) = server.support_key("Luc", Role::Admin, None).await;
    support_key::revoke(server.db(), revoked, now).await.expect("it is revoked");
    let (_, expired) = server.support_key("Luc", Role::Admin, Some(now)).await;
    let mistyped = format!("{}0", revoked_key.reveal());
    let mut tokens = vec![
        None,
        Some(mistyped),
        Some(revoked_key.reveal().to_owned()),
        Some(expired.reveal().to_owned()),
        Some(member.link_token.clone()),
    ];
    for role in Role::ALL {
        let (_, key) = server.support_key("Luc", role, None).await;
        tokens.push(Some(key.reveal().to_owned()));
    }
    let channel = server.channel().await;
    let mut wrong = Vec::new();
    for (rpc, expected) in &table {
        for ((caller, token), expected) in CALLERS.iter().zip(&tokens).zip(expected) {
            // Of itself it would detach the machine, which is to make the next calls.
            if (*rpc, *caller) == ("account.v1.AccountService/Unlink", "a machine") {
                continue;
            }
            let outcome = comes(call(&channel, rpc, token.as_deref()).await);
            if outcome != *expected {
                wrong.push(format!("{rpc} by {caller}: {outcome:?} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_refused_agent_is_told_in_words_what_to_do_and_each_variable() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (_, reader) = server.support_key("Luc", Role::Reader, None).await;
    let end = server.clock.now();
    let (_, expired) = server.support_key("Luc", Role::Reader, Some(end)).await;
    let unknown = Token::generate(TokenKind::SupportKey, &*server.accounts.randomness);
    let channel = server.channel().await;
    let unlink = "support.v1.SupportService/UnlinkMachine";
    let get = "support.v1.SupportService/GetAccount";
    let told = async |rpc: &str, token: &str| {
        let refusal = call(&channel, rpc, Some(token)).await.expect_err("it is refused");
        let told = Told::of(&refusal);
        assert_eq!(refusal.message(), told.text, "a person reads the message in a terminal");
        (told.text, told.metadata.into_iter().collect::<Vec<_>>())
    };
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());

    let (text, variables) = told(unlink, reader.reveal()).await;
    assert_eq!(
        text,
        "Votre clé a le rôle « reader » ; UnlinkMachine demande le rôle « agent » ou « admin ». Passez \
         la main à un responsable."
    );
    let roles = [variable("requiredRole", "agent,admin"), variable("role", "reader")];
    assert_eq!(variables, roles);
    let (text, variables) = told(get, unknown.reveal()).await;
    assert_eq!(
        text,
        "Clé de support inconnue ou révoquée. Vérifiez GESTAN_SUPPORT_KEY, ou demandez une clé à \
         l’administrateur."
    );
    assert_eq!(variables, []);
    let (text, variables) = told(get, expired.reveal()).await;
    assert!(text.contains("a expiré le 2026-11-24T08:00:00Z"), "{text}");
    assert_eq!(variables, [variable("expireTime", "2026-11-24T08:00:00Z")]);
    let (text, variables) = told(get, &member.link_token).await;
    assert!(text.contains("clé de support, et non le jeton d’un poste"), "{text}");
    assert_eq!(variables, []);
    let (text, _) = told(get, reader.reveal()).await;
    assert_eq!(
        text,
        "Champs à corriger : account_id : Un ID client est un nombre supérieur à zéro."
    );
}

/// What a role may not do is refused before its fields and the account are looked at.
#[tokio::test]
async fn a_role_that_is_missing_is_told_before_bad_fields_and_unknown_accounts() {
    let server = TestServer::start().await;
    let mut desk = server.desk(Role::Billing).await;
    let _ = server.take_statements();
    let request = gestan_account_proto::support::v1::UnlinkMachineRequest {
        account_id: 4_000_000_000,
        ..Default::default()
    };
    let told = Told::by(desk.unlink_machine(request).await);
    assert_eq!(told.why(), (Code::PermissionDenied, "PERMISSION_DENIED"));
    let statements = server.take_statements();
    let looked_at = statements.iter().filter(|sql| sql.contains("\"account\"")).count();
    assert_eq!(looked_at, 0, "{statements:?}");
}
