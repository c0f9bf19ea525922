//! Rust, with tonic's generated client and nothing of the project's own, so that
//! a refusal is seen as it travels. It runs in the test, over TLS like all the
//! others: a program of its own would cost a link.

use std::{collections::BTreeMap, error::Error, fs, iter, time::Duration};

use gestan_account_proto::{
    FILE_DESCRIPTOR_SET,
    v1::{
        account_service_client::AccountServiceClient as Client,
        reference_service_client::ReferenceServiceClient,
    },
};
use gestan_account_tests::process::Ended;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ServiceDescriptor};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream},
    net::TcpStream,
};
use tonic::{
    Code, Request, Response, Status, TimeoutExpired,
    transport::{Certificate, Channel, ClientTlsConfig},
};
use tonic_types::StatusExt as _;

use super::{
    Places, assert_prints_the_table,
    cases::{Call, Step},
};

#[tokio::test]
async fn rust_sees_what_the_table_says() {
    Box::pin(assert_prints_the_table(async |cases, places| {
        let mut runner = Runner::connect(places).await;
        let mut printed = String::new();
        for step in &cases.steps {
            printed.push_str(&runner.run(step).await);
        }
        Ended { printed, ..Ended::default() }
    }))
    .await;
}

struct Runner {
    client: Client<Channel>,
    reference: ReferenceServiceClient<Channel>,
    services: [ServiceDescriptor; 2],
    control: BufStream<TcpStream>,
    kept: BTreeMap<String, String>,
}

impl Runner {
    async fn connect(places: &Places) -> Self {
        let roots = fs::read(&places.ca).expect("the authority");
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(roots));
        let url = format!("https://{}", places.server);
        let endpoint = Channel::from_shared(url).expect("a URL").tls_config(tls).expect("TLS");
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        let service = |name: &str| {
            let service = pool.get_service_by_name(&format!("gestan.account.v1.{name}"));
            service.expect("the service")
        };
        let channel = endpoint.connect().await.expect("the server answers");
        Self {
            client: Client::new(channel.clone()),
            reference: ReferenceServiceClient::new(channel),
            services: [service("AccountService"), service("ReferenceService")],
            control: BufStream::new(TcpStream::connect(places.control).await.expect("the test")),
            kept: BTreeMap::new(),
        }
    }

    /// Gives the lines that are printed.
    async fn run(&mut self, step: &Step) -> String {
        let mut lines = String::new();
        match step {
            Step::Advance { advance } => {
                self.ask(&format!("advance {advance}")).await;
            }
            Step::Mail { mail, keep } => {
                let code = self.ask(&format!("mail {mail}")).await;
                self.kept.insert(keep.clone(), code);
            }
            Step::Call(call) => {
                for _ in 0..call.times {
                    let seen = self.call(call).await;
                    lines.extend([&*call.case, "\t", &seen.join("\t"), "\n"]);
                }
            }
        }
        lines
    }

    /// Says one line to the test, which moves the clock and reads the mail.
    async fn ask(&mut self, line: &str) -> String {
        self.control.write_all(format!("{line}\n").as_bytes()).await.expect("it is asked");
        self.control.flush().await.expect("it is asked");
        let mut answer = String::new();
        self.control.read_line(&mut answer).await.expect("an answer");
        answer.trim().to_owned()
    }

    /// Code, reason, violations, retry delay, language, answer.
    async fn call(&mut self, call: &Call) -> [String; 6] {
        let answer = match self.send(call).await {
            Ok(answer) => serde_json::to_value(answer).expect("the answer as JSON"),
            Err(status) => return refusal(&status),
        };
        for (name, path) in &call.keep {
            self.kept.insert(name.clone(), look_up(&answer, path));
        }
        let shown: Vec<String> = call.show.iter().map(|path| look_up(&answer, path)).collect();
        let none = || "-".to_owned();
        ["OK".to_owned(), none(), none(), none(), none(), or_none(shown.join("; "))]
    }

    async fn send(&self, call: &Call) -> Result<DynamicMessage, Status> {
        let mut methods = self.services.iter().flat_map(ServiceDescriptor::methods);
        let method = methods.find(|method| method.name() == call.rpc);
        let method = method.unwrap_or_else(|| panic!("no such RPC: {}", call.rpc));
        let json = self.fill_in(&call.request.to_string());
        let mut json = serde_json::Deserializer::from_str(&json);
        let message = DynamicMessage::deserialize(method.input(), &mut json).expect("a request");

        let mut request = Request::new(message);
        request.set_timeout(Duration::from_millis(call.deadline_ms.unwrap_or(10_000)));
        let mut insert = |name, value: &str| {
            request.metadata_mut().insert(name, value.parse().expect("a value of metadata"));
        };
        if let Some(token) = &call.token {
            insert("authorization", &format!("Bearer {}", self.fill_in(token)));
        }
        if let Some(language) = &call.language {
            insert("accept-language", language);
        }

        let (mut client, mut reference) = (self.client.clone(), self.reference.clone());
        let answer = match &*call.rpc {
            "Create" => typed(request, async |request| client.create(request).await).await,
            "Confirm" => typed(request, async |request| client.confirm(request).await).await,
            "SetPassword" => {
                typed(request, async |request| client.set_password(request).await).await
            }
            "RegisterExisting" => {
                typed(request, async |request| client.register_existing(request).await).await
            }
            "ListTimeEntries" => {
                typed(request, async |request| client.list_time_entries(request).await).await
            }
            "Get" => typed(request, async |request| client.get(request).await).await,
            "Update" => typed(request, async |request| client.update(request).await).await,
            "Unlink" => typed(request, async |request| client.unlink(request).await).await,
            "ResendPassword" => {
                typed(request, async |request| client.resend_password(request).await).await
            }
            "ListCountries" => {
                typed(request, async |request| reference.list_countries(request).await).await
            }
            "SearchApeCodes" => {
                typed(request, async |request| reference.search_ape_codes(request).await).await
            }
            "GetPrivacyNotice" => {
                typed(request, async |request| reference.get_privacy_notice(request).await).await
            }
            other => panic!("no such RPC: {other}"),
        }?;
        Ok(DynamicMessage::decode(method.output(), &*answer).expect("the answer of this RPC"))
    }

    /// Puts what was kept in the place of `${name}`.
    fn fill_in(&self, text: &str) -> String {
        self.kept.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), value)
        })
    }
}

/// Makes a call with the generated types; gives the answer as it travelled.
async fn typed<Q: Message + Default, A: Message>(
    request: Request<DynamicMessage>,
    rpc: impl AsyncFnOnce(Request<Q>) -> Result<Response<A>, Status>,
) -> Result<Vec<u8>, Status> {
    let request = request.map(|message| message.transcode_to().expect("this RPC's request"));
    Ok(rpc(request).await?.into_inner().encode_to_vec())
}

fn refusal(status: &Status) -> [String; 6] {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    let bad = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    let mut violations: Vec<String> =
        bad.iter().map(|violation| format!("{}={}", violation.field, violation.reason)).collect();
    violations.sort();
    let retry = details.retry_info().and_then(|info| info.retry_delay);
    let retry = retry.map(|delay| prost_types::Duration::try_from(delay).expect("a delay"));
    let locale = details.localized_message().map(|text| text.locale.clone());
    [
        code(status),
        or_none(reason.unwrap_or_default()),
        or_none(violations.join(" ")),
        or_none(retry.map(|delay| delay.to_string()).unwrap_or_default()),
        or_none(locale.unwrap_or_default()),
        "-".to_owned(),
    ]
}

/// The code under gRPC's name for it: tonic has Rust's.
fn code(status: &Status) -> String {
    // A deadline that passes on this side is a cancelled call to tonic.
    let late = iter::successors(status.source(), |&cause| cause.source())
        .any(<dyn Error>::is::<TimeoutExpired>);
    let code = if late { Code::DeadlineExceeded } else { status.code() };
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// The value at a path of the answer in protobuf's JSON; `-` when there is none.
fn look_up(answer: &Value, path: &str) -> String {
    match answer.pointer(&format!("/{}", path.replace('.', "/"))) {
        None => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}
