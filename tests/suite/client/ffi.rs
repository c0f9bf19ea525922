//! The library with a C interface, called by a program in C against the real server.
//!
//! `tests/windows_check.sh` runs these tests once more, with the program and the library made for
//! Windows, under Wine.

mod flow;
mod header;
mod misuse;
mod proxies;
mod threads;
mod tls;
mod tokens;
mod trouble;
mod unloading;

use gestan_account_tests::{FfiHost, PASSWORD, machine, process::ServerProcess, uuid};
use serde_json::{Value, json};

/// An answer that is a success; what it brings.
fn ok(answer: &Value) -> &Value {
    assert!(answer["ok"].is_object(), "{answer}");
    &answer["ok"]
}

/// An answer that is a failure of a kind.
fn failed<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    assert_eq!(answer["error"]["kind"], kind, "{answer}");
    &answer["error"]
}

/// Whether a member of an error has a text.
fn says(error: &Value, member: &str, text: &str) -> bool {
    error[member].to_string().contains(text)
}

fn machine_json(number: u128) -> Value {
    let machine = machine(number);
    json!({ "id": machine.id, "name": machine.name })
}

/// Asks for an account and proves the mailbox; gives the ID and the ticket.
async fn confirmed(host: &mut FfiHost, server: &ServerProcess, number: u32) -> (u64, String) {
    let email = format!("client{number}@exemple.fr");
    let number = u128::from(number);
    let request =
        json!({ "request_id": uuid(number), "email": email, "machine": machine_json(number) });
    let created = host.call("Create", &request).await;
    let code = server.code_to(&email).await;
    let request = json!({ "challenge_id": ok(&created)["challenge_id"], "code": code });
    let confirmed = host.call("Confirm", &request).await;
    let confirmed = ok(&confirmed);
    let ticket = confirmed["ticket"].as_str().expect("a ticket").to_owned();
    (confirmed["account_id"].as_u64().expect("an ID"), ticket)
}

/// Opens an account, whose password is [`PASSWORD`]; gives the ID, and what SetPassword answered.
async fn opened(host: &mut FfiHost, server: &ServerProcess, number: u32) -> (u64, Value) {
    let (id, ticket) = confirmed(host, server, number).await;
    let request = json!({ "ticket": ticket, "new_password": PASSWORD });
    (id, host.call("SetPassword", &request).await)
}
