//! docs/SUPPORT.md shows what an agent types, and what comes back: each command is run as it
//! stands there, and its answer compared.
//!
//! A command is a block `sh`; the block `json` behind it is its answer, or the block `text` the
//! beginning of what it says to standard error. An answer that is missing or out of date is
//! written by the test:
//!
//! ```sh
//! GESTAN_TEST_WRITE=1 cargo test --workspace --all-features -- docs::support_desk
//! ```
//!
//! A new command needs only its text there, and, if it asks for something that nobody has done
//! yet, a line in [`the_customers`].

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::Arc,
};

use gestan_account_client::v1::Account;
use gestan_account_server::{
    domain::role::Role,
    listener::{Transport, tls::Tls},
    mail::mailer::SendError,
};
use gestan_account_tests::{
    Authority, Identity, TestServer, TestServerOptions, change, change_email,
    process::{TIMEOUT, workspace},
    start_time, uuid,
};
use jiff::SignedDuration;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};
use uuid::Uuid;

use super::read;
use crate::polyglot::grpcurl::grpcurl;

/// Where the document says that the service is.
const SERVER: &str = "compte.exemple.fr:443";

/// A command, and what the document shows of its answer.
struct Shown {
    command: String,
    /// The kind of the block behind it, and what is in it; none where nothing is shown.
    answer: Option<(String, String)>,
}

/// The commands in their order. The first has what all others need.
fn shown(document: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for block in document.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').expect("a block");
        let text = text.to_owned();
        match (kind, shown.last_mut()) {
            ("sh", _) => shown.push(Shown { command: text, answer: None }),
            (_, Some(last)) => last.answer = Some((kind.to_owned(), text)),
            (kind, None) => panic!("a block {kind} before any command"),
        }
    }
    shown
}

/// The customers of whom the document tells: the account 3 with a form and two machines, and a
/// window that waits for a code; 4 with an address that is pending; 5 with one that a mail server
/// refuses; 7 of the same company as 3,
/// one of whose machines has come to both. The others are others.
async fn the_customers(server: &TestServer) {
    let days = |days: i64| server.advance(SignedDuration::from_hours(24 * days) / 10 * 9);
    server.open_account("contact@exemple.net", 101).await;
    server.open_account("bureau@exemple.net", 102).await;
    days(1);
    let bakery = server.open_account("jeanne@exemple.fr", 1).await;
    days(3);
    server.register(bakery.account_id, 2).await;
    let form = Account {
        company_name: "Boulangerie Dupont".to_owned(),
        last_name: "Dupont".to_owned(),
        first_name: "Jeanne".to_owned(),
        address: "12 rue des Lilas".to_owned(),
        postal_code: "59000".to_owned(),
        city: "Lille".to_owned(),
        phone: "03-53-01-00-42".to_owned(),
        ape_code: "1071C".to_owned(),
        ..Default::default()
    };
    bakery.update(change(&[], form.clone())).await;
    days(2);
    let garage = server.open_account("pierre@exemple.fr", 103).await;
    let workshop = server.open_account("atelier@exemple.net", 104).await;
    server.open_account("conseil@exemple.net", 105).await;
    days(1);
    let double = server.open_account("compta@exemple.fr", 3).await;
    let name = Account { company_name: "SARL Dupont & fils".to_owned(), ..form };
    double.update(change(&[], name)).await;
    days(4);
    server.register(double.account_id, 1).await;
    days(1);
    garage.update(change_email("pierre@exemple.org")).await;
    server.resend(bakery.account_id, 4).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_hours(6));
    server.resend(workshop.account_id, 104).await;
    server.mailbox().fail_next(SendError::Permanent { detail: "550 5.1.1".to_owned() });
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(20));
}

/// A terminal of the desk.
struct Terminal {
    folder: TempDir,
    server: String,
    key: String,
}

impl Terminal {
    /// A `grpcurl` that notes what `ps` would show of it, before it is run.
    fn new(folder: TempDir, server: String, key: String) -> Self {
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        let noting = format!(
            "#!/bin/bash\nprintf '%s\\n' \"$@\" >> {}\nexec {} \"$@\"\n",
            folder.path().join("ps").display(),
            grpcurl().display()
        );
        write_program(&bin.join("grpcurl"), &noting);
        Self { folder, server, key }
    }

    /// Types the first block, pastes the key where it asks for it, and types a command.
    async fn run(&self, first: &str, command: &str) -> Output {
        assert!(first.contains(SERVER), "{first}");
        let script = format!("{}\n{command}\n", first.replace(SERVER, &self.server));
        let file = self.folder.path().join("typed");
        fs::write(&file, script).expect("it is written");
        let mut path = self.folder.path().join("bin").into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.arg("-u").arg(file).current_dir(self.folder.path()).env("PATH", path);
        bash.env("SSL_CERT_FILE", self.folder.path().join("ca.pem"));
        bash.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut typing = bash.kill_on_drop(true).spawn().expect("bash runs");
        let mut keyboard = typing.stdin.take().expect("a keyboard");
        let pasted = format!("{}\n", self.key);
        keyboard.write_all(pasted.as_bytes()).await.expect("it is pasted");
        drop(keyboard);
        let ended = timeout(TIMEOUT, typing.wait_with_output()).await.expect("it ends");
        ended.expect("it can be waited for")
    }

    /// What `ps` would have shown so far.
    fn seen_by_ps(&self) -> String {
        read(&self.folder.path().join("ps"))
    }
}

fn write_program(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(file, text).expect("it is written");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("it may be run");
}

/// Whether it is the ID of something that is made by chance: those of machines are not.
fn is_by_chance(text: &str) -> bool {
    Uuid::try_parse(text).is_ok() && text[..24] != uuid(0)[..24]
}

/// An answer as it is compared: no time, no address of a caller, no page token is the same twice,
/// and no ID of a mail or a challenge.
fn settled(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                let varies = name.ends_with("Time")
                    || ["time", "until", "ip", "nextPageToken"].contains(&name.as_str());
                *value = match value.take() {
                    Value::String(text) if varies && !text.is_empty() => "…".into(),
                    Value::String(text) if is_by_chance(&text) => "…".into(),
                    other => settled(other),
                };
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = settled(value.take())),
        _ => {}
    }
    answer
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(settled)
}

/// What came back, as the document shows it; none if it shows the same already.
fn other_answer(output: &Output, kind: &str, shown: &str) -> Option<String> {
    let (printed, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if kind == "text" {
        let lines = shown.lines().count().max(3);
        let said: Vec<&str> = said.lines().take(lines).collect();
        return (said != shown.lines().collect::<Vec<_>>()).then(|| said.join("\n"));
    }
    assert!(output.status.success(), "{said}");
    let answer = json(&printed).unwrap_or_else(|| panic!("no answer: {printed}{said}"));
    (Some(answer) != json(shown)).then(|| printed.trim_end().to_owned())
}

fn document() -> PathBuf {
    workspace().join("docs/SUPPORT.md")
}

#[tokio::test]
async fn the_commands_of_the_desks_document_give_the_answers_that_it_shows() {
    let folder = TempDir::new().expect("a folder");
    let authority = Authority::new();
    authority.issue().write(folder.path());
    fs::write(folder.path().join("ca.pem"), authority.pem()).expect("it is written");
    let tls = Tls::load(Identity::files(folder.path()), start_time()).expect("the files are good");
    let server = TestServer::start_with(TestServerOptions {
        transport: Transport { tls: Some(Arc::new(tls)), ..Transport::default() },
        client_tls: Some(authority.client_options()),
        ..Default::default()
    })
    .await;
    the_customers(&server).await;
    let (_, key) = server.support_key("Ève", Role::Admin, None).await;
    let address = format!("localhost:{}", server.address.port());
    let terminal = Terminal::new(folder, address, key.reveal().to_owned());

    let mut text = read(&document());
    let commands = shown(&text);
    let (first, rest) = commands.split_first().expect("commands");
    assert!(rest.len() > 5, "only {} commands", rest.len());
    let mut wrong = Vec::new();
    for Shown { command, answer } in rest {
        let output = terminal.run(&first.command, command).await;
        server.deliver_mail().await;
        server.advance(SignedDuration::from_mins(2));
        let (kind, shown) = answer.as_ref().unwrap_or_else(|| panic!("no answer to {command}"));
        if let Some(answer) = other_answer(&output, kind, shown) {
            let block = |answer: &str| format!("{command}\n```\n\n```{kind}\n{answer}\n```");
            text = text.replace(&block(shown), &block(&answer));
            wrong.push(format!("{command}\n{answer}"));
        }
    }
    // What the desk has had sent for later.
    server.advance(SignedDuration::from_hours(25));
    server.deliver_mail().await;
    if env::var_os("GESTAN_TEST_WRITE").is_some() {
        fs::write(document(), text).expect("it is written");
    }
    assert!(wrong.is_empty(), "docs/SUPPORT.md shows other answers:\n{}", wrong.join("\n\n"));
    let seen = terminal.seen_by_ps();
    assert!(seen.contains("${GESTAN_SUPPORT_KEY}") && !seen.contains(key.reveal()), "{seen}");
}
