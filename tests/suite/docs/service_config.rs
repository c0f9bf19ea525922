//! `proto/service_config.json` is true to the contract: what it has repeated by
//! itself is what the comments of the proto files call safe, of every RPC, and
//! its figures are those of the Rust client. Which words are safe is decided
//! here; a comment in other words fails, rather than being taken for one of them.

use std::collections::BTreeSet;

use gestan_account_client::ClientOptions;
use gestan_account_proto::FILE_DESCRIPTOR_SET;
use gestan_account_tests::process::workspace;
use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use serde_json::Value;

use super::{
    api_reference::{Documented, MEMBER, MESSAGE, SERVICE, number, ours},
    read,
};

/// The entries of the file, in which the most specific name counts (gRPC's
/// `service_config.proto`).
fn entries() -> Vec<Value> {
    let text = read(&workspace().join("proto/service_config.json"));
    let config: Value = serde_json::from_str(&text).expect("JSON");
    config["methodConfig"].as_array().expect("entries").clone()
}

/// The names of an entry: a service, and the RPC, if one is named.
fn names(entry: &Value) -> impl Iterator<Item = (&str, Option<&str>)> {
    let names = entry["name"].as_array().expect("names").iter();
    names.map(|name| (name["service"].as_str().expect("a service"), name["method"].as_str()))
}

/// The one entry that has this name.
fn named<'a>(entries: &'a [Value], service: &str, rpc: Option<&str>) -> Option<&'a Value> {
    let has_name = |entry: &&Value| names(entry).any(|name| name == (service, rpc));
    let found: Vec<&Value> = entries.iter().filter(has_name).collect();
    assert!(found.len() <= 1, "{service} {rpc:?} is named twice");
    found.first().copied()
}

/// Every RPC: its service, itself, and whether its comment says that the same
/// request may be sent again, whatever is in it.
fn contract() -> Vec<(String, String, bool)> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let files = ours(&set);
    let mut contract = Vec::new();
    for documented in &files {
        for (index, service) in documented.file.service.iter().enumerate() {
            let full_name = format!("{}.{}", documented.file.package(), service.name());
            for (place, method) in service.method.iter().enumerate() {
                let path = [SERVICE, number(index), MEMBER, number(place)];
                let safe = is_always_safe(&documented.comment(&path), documented, method);
                contract.push((full_name.clone(), method.name().to_owned(), safe));
            }
        }
    }
    contract
}

fn is_always_safe(comment: &str, file: &Documented<'_>, method: &MethodDescriptorProto) -> bool {
    let mut lines = comment.lines().skip_while(|line| !line.starts_with("Retry: "));
    let first = lines.next().expect("a paragraph").trim_start_matches("Retry: ");
    match first {
        "safe." => true,
        _ if first.starts_with("safe: ") || first.starts_with("safe. ") => true,
        // All attempts of a call lie within its timeout, which is shorter.
        _ if first.starts_with("safe within a minute: ") => true,
        // A caller that may leave it out may send the call twice.
        _ if first.starts_with("safe with the same `request_id`: ") => {
            request_id(file, method).contains("Required.")
        }
        _ if first.starts_with("with a ticket safe: ") => false,
        _ if first.starts_with("safe with `account.etag` ") => false,
        _ => panic!("{}: is this safe? {first}", method.name()),
    }
}

/// The comment of the request's `request_id`.
fn request_id(documented: &Documented<'_>, method: &MethodDescriptorProto) -> String {
    let messages = &documented.file.message_type;
    let is_request = |name: &str| method.input_type().ends_with(&format!(".{name}"));
    let index = messages.iter().position(|message| is_request(message.name())).expect("it is here");
    let fields = &messages[index].field;
    let place = fields.iter().position(|field| field.name() == "request_id").expect("a field");
    documented.comment(&[MESSAGE, number(index), MEMBER, number(place)])
}

#[test]
fn what_is_repeated_by_itself_is_what_the_proto_files_call_safe() {
    let (entries, contract) = (entries(), contract());
    assert!(contract.len() > 25, "only {} RPCs", contract.len());
    for (service, rpc, safe) in &contract {
        let entry = named(&entries, service, Some(rpc)).or_else(|| named(&entries, service, None));
        let entry = entry.unwrap_or_else(|| panic!("nothing is said of {service}/{rpc}"));
        let is_repeated = entry.get("retryPolicy").is_some();
        assert_eq!(is_repeated, *safe, "{service}/{rpc}: whether it is repeated");
    }
}

#[test]
fn no_service_and_no_rpc_is_named_that_there_is_not() {
    let contract = contract();
    let services: BTreeSet<&str> = contract.iter().map(|(service, _, _)| &**service).collect();
    let rpcs: BTreeSet<(&str, &str)> =
        contract.iter().map(|(service, rpc, _)| (&**service, &**rpc)).collect();
    let entries = entries();
    for (service, rpc) in entries.iter().flat_map(names) {
        assert!(services.contains(service), "there is no {service}");
        let is_there = rpc.is_none_or(|rpc| rpcs.contains(&(service, rpc)));
        assert!(is_there, "there is no {service}/{rpc:?}");
    }
}

#[test]
fn timeout_and_waits_are_those_of_the_rust_client() {
    let client = format!("{:?}", ClientOptions::new());
    for entry in entries() {
        // As Rust writes a duration, and as protobuf does.
        assert!(client.contains("deadline: 10s,"), "{client}");
        assert_eq!(entry["timeout"], "10s");
        let Some(policy) = entry.get("retryPolicy") else { continue };
        let attempts = policy["maxAttempts"].as_u64().expect("a number");
        assert!(client.contains(&format!("max_attempts: {attempts},")), "{client}");
        assert!(client.contains("first_back_off: 100ms, max_back_off: 5s,"), "{client}");
        assert_eq!(policy["initialBackoff"], "0.1s");
        assert_eq!(policy["maxBackoff"], "5s");
        assert_eq!(policy["backoffMultiplier"], 2);
        // Any other code is an answer: RESOURCE_EXHAUSTED may ask for an hour.
        assert_eq!(policy["retryableStatusCodes"], serde_json::json!(["UNAVAILABLE"]));
    }
}
