//! The bounds that the comments of the proto files promise are those that the
//! service keeps: a text of just that length is taken, a longer one is not.

use std::collections::BTreeMap;

use gestan_account_client::{
    Code,
    v1::{self, Account, ErrorReason, ViolationReason},
};
use gestan_account_server::{
    domain::{
        account_id::AccountId,
        ape_code::Nomenclature,
        ape_query::ApeQuery,
        country::Country,
        email_address::EmailAddress,
        locale::Locale,
        machine::{MachineId, MachineName},
        page_token,
        password::Password,
        personal_code::PersonalCode,
        phone::Phone,
        profile::{Asked, Profile, ProfileChange},
        reason::Reason,
        search_words::Query,
        secret::Secret,
        text::{Line, Lines},
        violation::Problem,
    },
    model::time_entry::{HelpedCompany, Reference, Summary},
};
use gestan_account_tests::{TestServer, assert_refused, change, machine, uuid, violations};

const PROTO: [&str; 4] = [
    include_str!("../../../proto/gestan/account/v1/account.proto"),
    include_str!("../../../proto/gestan/account/v1/account_service.proto"),
    include_str!("../../../proto/gestan/account/v1/reference_service.proto"),
    include_str!("../../../proto/gestan/support/v1/support_service.proto"),
];

/// Every bound in the comments: `Message.field` and the number before
/// "characters" or "bytes".
fn bounds() -> BTreeMap<String, usize> {
    let mut bounds = BTreeMap::new();
    for file in PROTO {
        let (mut message, mut comment) = (String::new(), String::new());
        for line in file.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("//") {
                comment.push_str(text);
                continue;
            }
            if let Some(name) = line.strip_prefix("message ") {
                name.trim_end_matches([' ', '{', '}']).clone_into(&mut message);
            } else if let Some((_, field)) =
                line.split_once(" = ").and_then(|(field, _)| field.rsplit_once(' '))
                && let Some(bound) = bound_in(&comment)
            {
                bounds.insert(format!("{message}.{field}"), bound);
            }
            comment.clear();
        }
    }
    bounds
}

fn bound_in(comment: &str) -> Option<usize> {
    let words: Vec<&str> = comment.split_whitespace().collect();
    let unit = |word: &str| word.starts_with("characters") || word.starts_with("bytes");
    words.windows(2).filter(|pair| unit(pair[1])).find_map(|pair| pair[0].parse().ok())
}

/// An address of `bytes` bytes.
fn email_of(bytes: usize) -> String {
    let domain = format!("{}.{}.{}.fr", "a".repeat(63), "b".repeat(63), "c".repeat(58));
    format!("{}@{domain}", "j".repeat(bytes - domain.len() - 1))
}

/// A number of `chars` characters that can be dialled from France.
fn phone_of(chars: usize) -> String {
    format!("01{}58904977", " ".repeat(chars - 10))
}

fn locale_of(chars: usize) -> String {
    "fr-abcdefgh-abcdefgh-abcdefgh-abcdefgh"[..chars].to_owned()
}

/// A code in `chars` characters, padded with what `PersonalCode` ignores.
fn code_of(chars: usize, padding: &str) -> String {
    format!("0000{}00000000", padding.repeat(chars - 12))
}

/// How long a text of field `name` the domain takes.
fn takes(name: &str, chars: usize) -> Option<bool> {
    let text = "é".repeat(chars);
    // In Belgium, whose codes have no form that would be looked at.
    let form_takes = |change: ProfileChange| {
        let country = Some(Asked::parse("BEL", Country::parse));
        let change = ProfileChange { country, ..change };
        Profile::default().with(&change, &Nomenclature::default()).is_ok()
    };
    let nothing = ProfileChange::default();
    Some(match name {
        "Account.email"
        | "CreateRequest.email"
        | "ResendPasswordRequest.email"
        | "DiagnoseAccountRequest.email"
        | "SendCodeRequest.email"
        | "StartEmailChangeRequest.email" => EmailAddress::parse(&email_of(chars)).is_ok(),
        "Account.company_name" => form_takes(ProfileChange {
            company_name: Some(Asked::parse(&text, Line::parse)),
            ..nothing
        }),
        "Account.last_name" => form_takes(ProfileChange {
            last_name: Some(Asked::parse(&text, Line::parse)),
            ..nothing
        }),
        "Account.first_name" => form_takes(ProfileChange {
            first_name: Some(Asked::parse(&text, Line::parse)),
            ..nothing
        }),
        "Account.address" => form_takes(ProfileChange {
            address: Some(Asked::parse(&text, Lines::parse)),
            ..nothing
        }),
        "Account.postal_code" => form_takes(ProfileChange { postal_code: Some(text), ..nothing }),
        "Account.city" => {
            form_takes(ProfileChange { city: Some(Asked::parse(&text, Line::parse)), ..nothing })
        }
        "Account.phone" => Phone::parse(&phone_of(chars), Country::FRANCE).is_ok(),
        "Account.ape_code" => form_takes(ProfileChange { ape_code: Some(text), ..nothing }),
        "Machine.id" => {
            let id = format!("{}{}", uuid(1), "0".repeat(chars.saturating_sub(36)));
            MachineId::parse(&id).is_ok()
        }
        "Machine.name" => MachineName::parse(&text).is_ok(),
        "CreateRequest.locale"
        | "GetPrivacyNoticeRequest.locale"
        | "ListCountriesRequest.locale"
        | "ResendPasswordRequest.locale" => Locale::parse(&locale_of(chars)).is_ok(),
        "SearchApeCodesRequest.query" => ApeQuery::parse(&text).is_ok(),
        "ConfirmRequest.code" => {
            let taken = ["-", " ", "\u{2013}", "\u{a0}"]
                .map(|padding| PersonalCode::parse(&code_of(chars, padding)).is_ok());
            assert!(taken.iter().all(|one| *one == taken[0]), "{chars}: {taken:?}");
            taken[0]
        }
        "SetPasswordRequest.current_password" | "UnlinkRequest.password" => {
            Password::parse(&text).is_ok()
        }
        "SetPasswordRequest.new_password" => Password::parse_new(&text).is_ok(),
        "EraseAccountRequest.reason"
        | "MergeAccountsRequest.reason"
        | "StartEmailChangeRequest.reason"
        | "UnlinkMachineRequest.reason" => Reason::parse(&text).is_ok(),
        "EraseAccountRequest.etag"
        | "MergeAccountsRequest.from_etag"
        | "MergeAccountsRequest.into_etag"
        | "StartEmailChangeRequest.etag" => Line::<64>::parse(&text).is_ok(),
        // Whatever it is, one that is too long is not even looked at.
        "FindAccountsRequest.query" => Query::parse(&text).is_ok(),
        "ExportAccountRequest.page_token"
        | "FindAccountsRequest.page_token"
        | "ListEventsRequest.page_token"
        | "ListRefusedRecipientsRequest.page_token"
        | "ListTimeEntriesRequest.page_token"
        | "SearchApeCodesRequest.page_token" => {
            let query = page_token::Query { rpc: "ListEvents", fields: &[] };
            !matches!(query.position(&"A".repeat(chars)), Err(Problem::TooLong { .. }))
        }
        "ChargeTimeRequest.company_name" => HelpedCompany::parse(&text).is_ok(),
        "CorrectTimeRequest.reference" | "GrantTimeRequest.reference" => {
            Reference::parse(&text).is_ok()
        }
        "ChargeTimeRequest.summary" | "CorrectTimeRequest.summary" | "GrantTimeRequest.summary" => {
            Summary::parse(&text).is_ok()
        }
        "RegisterExistingRequest.secret" | "UpdateRequest.password" => Secret::parse(&text).is_ok(),
        _ => return None,
    })
}

#[test]
fn the_domain_keeps_every_bound_of_the_proto_files() {
    let mut bounds = bounds();
    assert_eq!(bounds.remove("Account.etag"), Some(64), "an RPC's own, tested below");
    for message in ["GetPrivacyNotice", "ListCountries", "SearchApeCodes"] {
        let bound = bounds.remove(&format!("{message}Request.known_version"));
        assert_eq!(bound, Some(64), "{message}'s own, tested beside its RPC");
    }
    assert_eq!(bounds.len(), 47, "{:?}", bounds.keys());
    for (name, bound) in bounds {
        let at = takes(&name, bound).unwrap_or_else(|| panic!("{name} is not tested here"));
        assert!(at, "{name} refuses {bound}");
        assert_eq!(takes(&name, bound + 1), Some(false), "{name} takes {}", bound + 1);
    }
    assert!(Password::parse_new(&"é".repeat(10)).is_ok(), "the least of a new password");
    assert!(matches!(Password::parse_new(&"é".repeat(9)), Err(Problem::PasswordTooShort)));
}

#[test]
fn lengths_are_counted_in_scalar_values_after_trimming_and_composing() {
    let name = |text: String| MachineName::parse(&text).map(|name| name.as_str().chars().count());
    assert_eq!(name(format!("  {}  ", "e\u{301}".repeat(100))), Ok(100));
    assert_eq!(name("👩".repeat(101)), Err(Problem::TooLong { max: 100 }));
    assert_eq!(name("a".repeat(1_000_000)), Err(Problem::TooLong { max: 100 }));
    let idn = format!("{}@{}.fr", "j".repeat(64), "é".repeat(40));
    let email = EmailAddress::parse(&idn).expect("it is short in ASCII");
    assert!(email.deliverable().len() <= EmailAddress::MAX_BYTES);
}

#[test]
fn the_smallest_and_the_greatest_id_are_ids_and_zero_is_none() {
    assert_eq!(AccountId::parse(0), None);
    for number in [1, u32::MAX] {
        assert_eq!(AccountId::parse(number).map(AccountId::number), Some(number));
    }
}

/// An account with every text one character longer than `bounds` by `excess`.
fn account_of(bounds: &BTreeMap<String, usize>, excess: usize) -> Account {
    let chars = |field: &str| bounds[&format!("Account.{field}")] + excess;
    let text = |field: &str| "é".repeat(chars(field));
    Account {
        etag: if excess == 0 { String::new() } else { "v".repeat(chars("etag")) },
        email: email_of(chars("email")),
        company_name: text("company_name"),
        last_name: text("last_name"),
        first_name: text("first_name"),
        address: text("address"),
        postal_code: text("postal_code"),
        city: text("city"),
        country_code: "BEL".into(),
        phone: format!("02{}5123456", " ".repeat(chars("phone") - 9)),
        ape_code: text("ape_code"),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_form_with_every_text_at_its_bound_is_stored_and_a_longer_one_named_field_by_field() {
    let mut server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let full = account_of(&bounds(), 0);
    let stored = member.update(change(&[], full.clone())).await.account.expect("an account");
    assert_eq!(stored.address, full.address);
    assert_eq!(stored.phone, full.phone);
    assert_eq!(stored.pending_email, full.email);
    assert_eq!(member.read().await, stored);
    // The mailbox of 254 bytes does not exist.
    server.leaves_mail();

    let mut request = change(&[], account_of(&bounds(), 1));
    request.password = "é".repeat(257);
    let outcome = member.client.update(request).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let mut too_long = violations(&rejection);
    too_long.sort();
    let fields = [
        "account.address",
        "account.ape_code",
        "account.city",
        "account.company_name",
        "account.email",
        "account.etag",
        "account.first_name",
        "account.last_name",
        "account.phone",
        "account.postal_code",
        "password",
    ];
    let expected = fields.map(|field| (field.to_owned(), ViolationReason::TooLong));
    assert_eq!(too_long, expected);
    assert_eq!(member.read().await, stored);

    let mut request = change(&[], Account { etag: "v".repeat(64), ..Default::default() });
    request.password = "é".repeat(256);
    let outcome = member.client.update(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn the_other_bounds_hold_at_the_door_too() {
    let server = TestServer::start().await;
    let long_name = v1::Machine { name: "é".repeat(101), ..machine(1) };
    let create = v1::CreateRequest {
        request_id: uuid(900),
        email: email_of(255),
        machine: Some(long_name.clone()),
        locale: locale_of(36),
        ..Default::default()
    };
    let fields = too_long(server.client.create(create).await);
    assert_eq!(fields, ["email", "locale", "machine.name"]);
    let resend = v1::ResendPasswordRequest {
        request_id: uuid(901),
        email: email_of(255),
        machine: Some(long_name.clone()),
        locale: locale_of(36),
        ..Default::default()
    };
    let fields = too_long(server.client.resend_password(resend).await);
    assert_eq!(fields, ["email", "locale", "machine.name"]);
    let register = v1::RegisterExistingRequest {
        account_id: 1,
        secret: "é".repeat(257),
        machine: Some(long_name),
    };
    assert_eq!(
        too_long(server.client.register_existing(register).await),
        ["machine.name", "secret"]
    );
    let set = v1::SetPasswordRequest {
        current_password: "é".repeat(257),
        new_password: "é".repeat(257),
        ..Default::default()
    };
    let fields = too_long(server.client.set_password(set).await);
    assert_eq!(fields, ["current_password", "new_password"]);
    let unlink = v1::UnlinkRequest { password: "é".repeat(257), ..Default::default() };
    assert_eq!(too_long(server.client.unlink(unlink).await), ["password"]);
}

fn too_long<T: std::fmt::Debug>(outcome: Result<T, gestan_account_client::Error>) -> Vec<String> {
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let mut fields = Vec::new();
    for (field, reason) in violations(&rejection) {
        assert_eq!(reason, ViolationReason::TooLong, "{field}");
        fields.push(field);
    }
    fields.sort();
    fields
}
