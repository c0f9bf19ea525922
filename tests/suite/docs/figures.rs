//! The figures that the files for operators name are those that a running server tells.

use std::{collections::BTreeSet, fs};

use gestan_account_client::{Client, ClientOptions};
use gestan_account_proto::FILE_DESCRIPTOR_SET;
use gestan_account_server::listener::tls::TlsFiles;
use gestan_account_tests::{
    Authority, Identity, SECRET, creation, http_get,
    process::{Home, ServerProcess, workspace},
};
use serde_json::Value;

const PREFIX: &str = "gestan_account_";

/// What a server with every part tells: the families by name and kind, and all of it as text.
async fn told() -> (Vec<(String, String)>, String) {
    let home = Home::on_sqlite();
    let authority = Authority::new();
    authority.issue().write(home.path());
    let TlsFiles { certificate, key, .. } = Identity::files(home.path());
    let arguments = [
        ["--admin-listen", "127.0.0.1:0"],
        ["--tls-certificate", certificate.to_str().expect("a path")],
        ["--tls-key", key.to_str().expect("a path")],
        ["--call-burst", "1"],
        ["--calls-per-second", "1"],
        // Nobody listens at either.
        ["--webhook-url", "http://127.0.0.1:9/"],
        ["--webhook-secret", SECRET],
        ["--traces-url", "http://127.0.0.1:9"],
    ];
    let server = ServerProcess::start(&home, &arguments.concat()).await;
    // A figure with labels is told once there is something to count: a call, a hash for its
    // mail, and a call too many.
    let options = ClientOptions::new().tls(authority.client_options()).max_attempts(1);
    let url = format!("https://{}", server.address);
    let client = Client::connect(&url, options).await.expect("the server answers");
    client.create(creation(1)).await.expect("Create is answered");
    client.create(creation(2)).await.expect_err("one too many");
    server.wait_for_log("mail sent").await;
    let log = server.log();
    let line = log.lines().find(|line| line.contains("admin address")).expect("a line");
    let (_, address) = line.split_once("address=").expect("an address");
    let text = http_get(address.parse().expect("an address"), "/metrics").await.body;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families = types.map(|line| line.split_once(' ').expect("a name and a kind"));
    let families = families.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    (families, text)
}

/// The names of the series of a family.
fn series((name, kind): &(String, String)) -> Vec<String> {
    let endings: &[&str] = match kind.as_str() {
        "counter" => &["_total"],
        "histogram" => &["_bucket", "_count", "_sum"],
        "info" => &["_info"],
        "gauge" => &[""],
        other => panic!("{name} is a {other}"),
    };
    endings.iter().map(|ending| format!("{name}{ending}")).collect()
}

/// Every figure that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let rest = text.match_indices(PREFIX).map(|(at, _)| &text[at..]);
    rest.map(|rest| {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        rest.chars().take_while(|c| is_part(*c)).collect()
    })
    .collect()
}

#[tokio::test]
async fn every_figure_in_the_dashboard_and_the_alerts_is_told_by_a_server() {
    let (families, text) = told().await;
    let known: BTreeSet<String> = families.iter().flat_map(series).collect();
    for file in ["alerts.yml", "alerts_test.yml", "dashboard.json"] {
        let path = workspace().join("docs/operations").join(file);
        let named = named(&fs::read_to_string(path).expect("a file"));
        assert!(named.len() > 4, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{file} names what no server tells: {unknown:?}\n{text}");
    }
    // An alert on a result that is called otherwise would never fire.
    for result in ["sent", "refused", "expired", "given_up"] {
        let series = format!("{PREFIX}mails_total{{result=\"{result}\"}} ");
        assert!(text.contains(&series), "{series}: {text}");
    }
    for result in ["expired", "dropped"] {
        let series = format!("{PREFIX}webhook_deliveries_total{{result=\"{result}\"}} ");
        assert!(text.contains(&series), "{series}: {text}");
    }
}

/// An alert asks how fast a figure grows, and one that begins with its first fault has not grown yet.
#[tokio::test]
async fn faults_and_limits_are_told_before_there_are_any() {
    let text = told().await.1;
    let mut rpcs = 0;
    for service in
        prost_reflect::DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("ours").services()
    {
        for method in service.methods() {
            let rpc = format!("{}/{}", service.name(), method.name());
            let labels =
                format!("rpc=\"{rpc}\",code=\"INTERNAL\",reason=\"ERROR_REASON_INTERNAL\"");
            let series = format!("{PREFIX}calls_total{{{labels}}} 0\n");
            assert!(text.contains(&series), "{series}: {text}");
            rpcs += 1;
        }
    }
    assert!(rpcs > 20, "{rpcs} RPCs");

    // Each reason, with what its comment says first.
    let path = workspace().join("proto/gestan/account/v1/error_reason.proto");
    let reasons = fs::read_to_string(path).expect("the reasons");
    let (mut is_limit, mut is_begun, mut limits) = (false, false, 0);
    for line in reasons.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("// ") {
            is_limit |= !is_begun && comment.starts_with("RESOURCE_EXHAUSTED:");
            is_begun = true;
        } else if let Some((reason, _)) = line.split_once(" = ").filter(|_| is_limit) {
            let series = format!("{PREFIX}throttled_calls_total{{limit=\"{reason}\"}} ");
            assert!(text.contains(&series), "{series}: {text}");
            limits += 1;
        }
        if !line.starts_with("//") {
            (is_limit, is_begun) = (false, false);
        }
    }
    assert!(limits > 9, "{limits} limits");
}

#[tokio::test]
async fn the_operators_guide_tells_every_figure() {
    let guide = fs::read_to_string(workspace().join("docs/OPERATIONS.md")).expect("the guide");
    for (name, kind) in told().await.0 {
        let ending = match kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let name = name.strip_prefix(PREFIX).unwrap_or_else(|| panic!("{name} is not ours"));
        let is_told = guide.contains(&format!("`{name}{ending}`"));
        assert!(is_told, "docs/OPERATIONS.md does not tell {name}{ending}");
    }
}

#[test]
fn the_dashboard_is_whole() {
    let path = workspace().join("docs/operations/dashboard.json");
    let text = fs::read_to_string(path).expect("a file");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() > 10, "{} panels", panels.len());
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{panel}");
        for target in panel["targets"].as_array().expect("questions") {
            let question = target["expr"].as_str().expect("a question");
            assert!(question.contains(PREFIX), "{question}");
            assert_eq!(question.matches('(').count(), question.matches(')').count(), "{question}");
        }
    }
}
